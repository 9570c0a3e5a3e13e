import * as z from 'zod'
import { GenerationRequest, LIMITS, type InitImage } from '../../main/contract/generation.ts'
import type { Failure } from '../../main/contract/failure.ts'
import type { InputImage } from '../../main/contract/image.ts'
import type { ModelDefaults, ModelSummary } from '../../main/contract/model.ts'
import { sentence } from '../names.ts'
import { recall, remember } from './remembered.ts'
import { requestProblems } from './request-problems.ts'
import type { UndoHistory } from './undo-history.svelte.ts'

const DraftFields = GenerationRequest.extend({
  count: z.int().min(LIMITS.count.min).max(LIMITS.count.max),
  isSeedLocked: z.boolean(),
})

/** What the left column holds: a request, how many pictures to make of it, and whether the seed stays. */
export type DraftFields = z.infer<typeof DraftFields>

/** The fields whose start the model sets. */
export type DefaultedField = keyof ModelDefaults

const KEY = 'draft'
const DEFAULTED: readonly DefaultedField[] = ['widthPx', 'heightPx', 'steps', 'guidanceScale', 'sampler', 'schedule']

/** Seeds of the dice stay short enough to read aloud. */
const DICE_SEEDS = 2 ** 32

/** How much of the schedule a new start picture is run through. */
const FIRST_STRENGTH = 0.6

/** What the window starts with before the models are known. */
const UNTOUCHED: DraftFields = {
  model: 'starter',
  prompt: '',
  negativePrompt: '',
  seed: 0,
  steps: 25,
  guidanceScale: 4,
  widthPx: 128,
  heightPx: 128,
  sampler: 'ddim',
  schedule: 'normal',
  init: null,
  count: 1,
  isSeedLocked: false,
}

/** A new random seed. */
export function randomSeed(): number {
  return Math.floor(Math.random() * DICE_SEEDS)
}

/** The picture that would be made next: what the fields of the Create room show and change. */
export class Draft {
  readonly #history: UndoHistory
  #fields = $state.raw<DraftFields>(recall(KEY, DraftFields, { ...UNTOUCHED, seed: randomSeed() }))
  #defaults = $state.raw<ModelDefaults>(UNTOUCHED)
  #refusals = $state.raw<Readonly<Record<string, string>>>({})

  readonly request = $derived(requestOf(this.#fields))
  readonly #problems = $derived(requestProblems(this.request))
  readonly hasProblems = $derived(Object.keys(this.#problems).length > 0)

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

  isDefault(field: DefaultedField): boolean {
    return this.#fields[field] === this.#defaults[field]
  }

  change(patch: Partial<DraftFields>): void {
    this.#fields = { ...this.#fields, ...patch }
    const changed = Object.keys(patch)
    const stays = ([field]: [string, string]) => !changed.some((name) => field === name || field.startsWith(`${name}.`))
    this.#refusals = Object.fromEntries(Object.entries(this.#refusals).filter(stays))
    remember(KEY, this.#fields)
  }

  /** A change of several fields at once that one undo takes back. */
  changeUndoably(label: string, patch: Partial<DraftFields>): void {
    const before = this.#fields
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
    this.#defaults = model.defaults
    this.change({ model: model.id, ...Object.fromEntries(following.map((field) => [field, model.defaults[field]])) })
  }

  /** Learns the chosen model's defaults without touching a field, after a restart. */
  learnDefaults(model: ModelSummary): void {
    this.#defaults = model.defaults
  }

  useRequest(request: GenerationRequest): void {
    this.changeUndoably('use these settings', { ...request, count: 1, isSeedLocked: true })
  }

  useSeed(seed: number): void {
    this.changeUndoably('use this seed', { seed, isSeedLocked: true })
  }

  rollSeed(): void {
    this.change({ seed: randomSeed() })
  }

  useInput(input: InputImage): void {
    const { init } = this.#fields
    this.changeUndoably('use as start picture', {
      init: { id: input.id, strength: init?.strength ?? FIRST_STRENGTH, fit: init?.fit ?? 'crop' },
    })
  }

  changeInit(patch: Partial<InitImage>): void {
    const { init } = this.#fields
    if (init) this.change({ init: { ...init, ...patch } })
  }

  removeInput(): void {
    if (this.#fields.init) this.changeUndoably('remove the start picture', { init: null })
  }

  swapSize(): void {
    this.change({ widthPx: this.#fields.heightPx, heightPx: this.#fields.widthPx })
  }

  /** Puts the studio's refusal at its field; false where no field of the draft is at fault. */
  refuse(failure: Failure): boolean {
    const field = failure.field?.replace(/^request\./, '')
    if (field === undefined || !(field.split('.')[0] ?? '' in this.#fields)) return false
    this.#refusals = { ...this.#refusals, [field]: sentence(failure.message) }
    return true
  }
}

function requestOf(fields: DraftFields): GenerationRequest {
  const { count: _count, isSeedLocked: _isSeedLocked, ...request } = fields
  return request
}
