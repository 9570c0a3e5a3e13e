import type { GenerationRequest, InitImage, Mask, PromptStyleId, SamplerId } from '../../main/contract/generation.ts'
import type { Failure } from '../../main/contract/failure.ts'
import type { InputImage } from '../../main/contract/image.ts'
import type { ModelDefaults, ModelSummary } from '../../main/contract/model.ts'
import type { RecipeFields } from '../../main/contract/recipe.ts'
import { sentence } from '../names.ts'
import { DraftFields, draftField, draftProblems, fieldsOf, hasChoices, requestOf, UNTOUCHED } from './draft-fields.ts'
import { DraftOptions } from './draft-options.ts'
import { DraftRows } from './draft-rows.ts'
import { fittingSchedule } from './fitting-schedule.ts'
import { recall, remember } from './remembered.ts'
import type { UndoHistory } from './undo-history.svelte.ts'

/** The fields whose start the model sets. */
export type DefaultedField = keyof ModelDefaults

const KEY = 'draft'
const DEFAULTED: readonly DefaultedField[] = ['widthPx', 'heightPx', 'steps', 'guidanceScale', 'sampler', 'schedule']

/** Seeds of the dice stay short enough to read aloud. */
const DICE_SEEDS = 2 ** 32

/** How much of the schedule a new start picture is run through. */
const FIRST_STRENGTH = 0.6

/** How a new mask is used. */
const FIRST_MASK: Omit<Mask, 'id'> = { blurPx: 4, fill: 'original', paddingPx: null }

/** A new random seed. */
export function randomSeed(): number {
  return Math.floor(Math.random() * DICE_SEEDS)
}

/** The picture that would be made next: what the fields of the Create room show and change. */
export class Draft {
  readonly #history: UndoHistory
  /** Nothing was drafted in this window before. */
  #isNew = recall(KEY, DraftFields, UNTOUCHED) === UNTOUCHED
  #fields = $state.raw<DraftFields>(recall(KEY, DraftFields, { ...UNTOUCHED, seed: randomSeed() }))
  #defaults = $state.raw<ModelDefaults>(UNTOUCHED)
  #input = $state<ModelSummary['input']>('none')
  #family = $state('')
  #note = $state<{ schedule: string; sentence: string } | undefined>(undefined)
  #refusals = $state.raw<Readonly<Record<string, string>>>({})

  readonly request = $derived(requestOf(this.#fields))
  readonly #problems = $derived(draftProblems(this.#fields, this.#input))
  readonly hasProblems = $derived(Object.keys(this.#problems).length > 0)

  readonly options = new DraftOptions(this)
  readonly loras = new DraftRows(
    this,
    (fields) => fields.loras,
    (loras) => ({ loras }),
  )
  readonly controls = new DraftRows(
    this,
    (fields) => fields.controls,
    (controls) => ({ controls }),
  )
  readonly imagePrompts = new DraftRows(
    this,
    (fields) => fields.imagePrompts,
    (imagePrompts) => ({ imagePrompts }),
  )

  constructor(history: UndoHistory) {
    this.#history = history
  }

  get fields(): DraftFields {
    return this.#fields
  }

  /** Where the chosen model's fields start. */
  get defaults(): ModelDefaults {
    return this.#defaults
  }

  /** What is wrong with a field, by the window's own check or by the studio's last answer. */
  problem(field: string): string | undefined {
    return this.#problems[field] ?? this.#refusals[field]
  }

  /** Whether anything is wrong with one of these fields or with what is in them. */
  hasProblemIn(...names: (keyof DraftFields)[]): boolean {
    const told = [...Object.keys(this.#problems), ...Object.keys(this.#refusals)]
    return told.some((field) => names.some((name) => field === name || field.startsWith(`${name}.`)))
  }

  /** The id of the chosen model's family. */
  get family(): string {
    return this.#family
  }

  /** Why the schedule is not the one that was chosen last. */
  get scheduleNote(): string | undefined {
    return this.#note?.schedule === this.#fields.schedule ? this.#note.sentence : undefined
  }

  /** Whether choices are to be made in the prompts. */
  get hasChoices(): boolean {
    return hasChoices(this.#fields)
  }

  isDefault(field: DefaultedField): boolean {
    return this.#fields[field] === this.#defaults[field]
  }

  change(patch: Partial<DraftFields>): void {
    if ('schedule' in patch) this.#note = undefined
    this.#fields = { ...this.#fields, ...patch }
    const changed = Object.keys(patch)
    const stays = ([field]: [string, string]) => !changed.some((name) => field === name || field.startsWith(`${name}.`))
    this.#refusals = Object.fromEntries(Object.entries(this.#refusals).filter(stays))
    remember(KEY, this.#fields)
  }

  /** A change of several fields at once that one undo takes back; what else was changed since stays. */
  changeUndoably(label: string, patch: Partial<DraftFields>): void {
    const fields = this.#fields
    const names = Object.keys(patch) as (keyof DraftFields)[]
    const before: Partial<DraftFields> = Object.fromEntries(names.map((name) => [name, fields[name]]))
    this.change(patch)
    this.#history.push({
      label,
      undo: () => {
        this.change(before)
      },
    })
  }

  reset(field: DefaultedField): void {
    this.change({ [field]: this.#defaults[field] })
  }

  /** Chooses a model; fields that were at the old model's defaults go to the new one's. */
  useModel(model: ModelSummary): void {
    const following = DEFAULTED.filter((field) => this.isDefault(field))
    this.learnDefaults(model)
    this.change({ model: model.id, ...Object.fromEntries(following.map((field) => [field, model.defaults[field]])) })
    this.#fitSchedule()
  }

  /** Chooses a sampler; a schedule that makes no sense with it gives way. */
  useSampler(sampler: SamplerId): void {
    this.change({ sampler })
    this.#fitSchedule()
  }

  /** Takes the style in which prompts are written where nothing was drafted yet. */
  startInStyle(promptStyle: PromptStyleId): void {
    if (!this.#isNew) return
    this.#isNew = false
    this.change({ promptStyle: promptStyle === 'plain' ? undefined : promptStyle })
  }

  /** Learns the chosen model's defaults without touching a field, after a restart. */
  learnDefaults(model: ModelSummary): void {
    this.#defaults = model.defaults
    this.#input = model.input
    this.#family = model.family
  }

  #fitSchedule(): void {
    const { schedule, note } = fittingSchedule(this.#fields.schedule, this.#fields.sampler, this.#family)
    if (note === undefined) return
    this.change({ schedule })
    this.#note = { schedule, sentence: note }
  }

  useRequest(request: GenerationRequest): void {
    this.changeUndoably('use these settings', { ...fieldsOf(request), count: 1, isSeedLocked: true })
  }

  /** Takes over what another picture tells, and the model if it is here. */
  useRecipe(told: RecipeFields, model: ModelSummary | undefined): void {
    const { promptStyle, noise, ...others } = told
    const known = Object.entries(others).filter(([, value]) => value !== undefined)
    if (model) this.learnDefaults(model)
    this.changeUndoably('use these settings', {
      ...(Object.fromEntries(known) as Partial<DraftFields>),
      ...(promptStyle === undefined ? {} : { promptStyle: promptStyle === 'plain' ? undefined : promptStyle }),
      ...(noise === undefined ? {} : { noise: noise === 'philox' ? undefined : noise }),
      ...(model ? { model: model.id } : {}),
      isTemplate: false,
      count: 1,
      isSeedLocked: others.seed !== undefined,
    })
  }

  useSeed(seed: number): void {
    this.changeUndoably('use this seed', { seed, isSeedLocked: true })
  }

  rollSeed(): void {
    this.change({ seed: randomSeed() })
  }

  useInput(input: InputImage): void {
    const { init } = this.#fields
    // A model made for pictures is shown the picture beside the noise, and starts from noise alone.
    const first = this.#input === 'none' ? FIRST_STRENGTH : 1
    this.changeUndoably('use as start picture', {
      init: { id: input.id, strength: init?.strength ?? first, fit: init?.fit ?? 'crop' },
    })
  }

  changeInit(patch: Partial<InitImage>): void {
    const { init } = this.#fields
    if (init) this.change({ init: { ...init, ...patch } })
  }

  /** A mask of the start picture's own size, used as the last one was. */
  useMask(id: Mask['id']): void {
    const { init } = this.#fields
    if (init) this.change({ init: { ...init, mask: { ...FIRST_MASK, ...init.mask, id } } })
  }

  changeMask(patch: Partial<Mask>): void {
    const mask = this.#fields.init?.mask
    if (mask) this.changeInit({ mask: { ...mask, ...patch } })
  }

  removeMask(): void {
    const { init } = this.#fields
    if (init) this.change({ init: withoutMask(init) })
  }

  removeMaskUndoably(): void {
    const { init } = this.#fields
    if (init?.mask) this.changeUndoably('remove the mask', { init: withoutMask(init) })
  }

  removeInput(): void {
    if (this.#fields.init) this.changeUndoably('remove the start picture', { init: null })
  }

  swapSize(): void {
    this.change({ widthPx: this.#fields.heightPx, heightPx: this.#fields.widthPx })
  }

  /** Puts the studio's refusal at its field; false where no field of the draft is at fault. */
  refuse(failure: Failure): boolean {
    if (failure.field === undefined) return false
    const field = draftField(this.#fields, failure.field.replace(/^request\./, ''))
    if (!((field.split('.')[0] ?? '') in DraftFields.shape)) return false
    this.#refusals = { ...this.#refusals, [field]: sentence(failure.message) }
    return true
  }
}

function withoutMask({ mask: _mask, ...init }: InitImage): InitImage {
  return init
}
