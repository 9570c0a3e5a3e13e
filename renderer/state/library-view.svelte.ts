import type { ModelId } from '../../main/contract/generation.ts'
import type { ModelSummary } from '../../main/contract/model.ts'
import type { PartKind, PartSummary } from '../../main/contract/part.ts'
import type { GridPlace } from '../components/grid-layout.ts'
import { familiesText } from '../part-names.ts'
import type { ModelsState } from './models.svelte.ts'
import type { PartsState } from './parts.svelte.ts'

export type LibraryKind = 'model' | PartKind

/** A model or a part, as the room shows both. */
export interface LibraryItem {
  readonly id: ModelId
  readonly kind: LibraryKind
  readonly name: string
  /** Undefined where its file does not tell. */
  readonly family: string | undefined
  readonly summary: ModelSummary | PartSummary
  /** Null for a part. */
  readonly model: ModelSummary | null
  readonly part: PartSummary | null
}

interface LibraryFilter {
  /** Words, each of which must be somewhere in what is told of the item. */
  readonly text: string
  readonly kind: LibraryKind | 'all'
  readonly family: string
}

export const ALL_FAMILIES = ''

const collator = new Intl.Collator(undefined, { numeric: true })

/** What the Models room shows of the library: everything, or what words, kind and family leave of it. */
export class LibraryView {
  readonly #models: ModelsState
  readonly #parts: PartsState
  #filter = $state.raw<LibraryFilter>({ text: '', kind: 'all', family: ALL_FAMILIES })
  #openId = $state<ModelId | undefined>(undefined)
  /** Where the grid was, for when the room is entered again. */
  place: GridPlace | undefined

  readonly all: readonly LibraryItem[] = $derived.by(() => [
    ...this.#models.list.map(modelItem).sort(byName),
    ...this.#parts.list.map(partItem).sort(byName),
  ])
  readonly #byId = $derived(new Map(this.all.map((item) => [item.id, item])))
  /** What the words leave, of every kind: the kinds say how much there is of each. */
  readonly #worded = $derived.by(() => {
    const words = this.#filter.text.toLowerCase().split(/\s+/).filter(Boolean)
    const { family } = this.#filter
    return this.all.filter(
      (item) =>
        (family === ALL_FAMILIES || item.family === family) && words.every((word) => textOf(item).includes(word)),
    )
  })
  readonly shown: readonly LibraryItem[] = $derived(
    this.#worded.filter(({ kind }) => this.#filter.kind === 'all' || kind === this.#filter.kind),
  )
  readonly ids: readonly ModelId[] = $derived(this.shown.map(({ id }) => id))
  readonly families: readonly string[] = $derived(
    [...new Set(this.all.flatMap(({ family }) => family ?? []))].sort((a, b) => a.localeCompare(b)),
  )

  constructor(models: ModelsState, parts: PartsState) {
    this.#models = models
    this.#parts = parts
  }

  get filter(): LibraryFilter {
    return this.#filter
  }

  get isFiltered(): boolean {
    const { text, kind, family } = this.#filter
    return text.trim() !== '' || kind !== 'all' || family !== ALL_FAMILIES
  }

  /** The item whose details are shown. */
  get open(): LibraryItem | undefined {
    return this.#openId === undefined ? undefined : this.#byId.get(this.#openId)
  }

  find(id: ModelId): LibraryItem | undefined {
    return this.#byId.get(id)
  }

  /** How many of a kind the words and the family leave. */
  count(kind: LibraryKind | 'all'): number {
    return kind === 'all' ? this.#worded.length : this.#worded.filter((item) => item.kind === kind).length
  }

  ask(patch: Partial<LibraryFilter>): void {
    this.#filter = { ...this.#filter, ...patch }
    this.place = undefined
  }

  show(id: ModelId | undefined): void {
    this.#openId = id
  }
}

function modelItem(model: ModelSummary): LibraryItem {
  const { id, name, familyName: family } = model
  return { id, kind: 'model', name, family, summary: model, model, part: null }
}

function partItem(part: PartSummary): LibraryItem {
  const { id, kind, name } = part
  return { id, kind, name, family: familiesText(part), summary: part, model: null, part }
}

function byName(one: LibraryItem, other: LibraryItem): number {
  const isFirst = Number(other.model?.isBuiltIn ?? false) - Number(one.model?.isBuiltIn ?? false)
  return isFirst || collator.compare(one.name, other.name)
}

function textOf({ name, family, summary }: LibraryItem): string {
  const { triggerWords, description, path } = summary
  return [name, family ?? '', ...triggerWords, description ?? '', path].join(' ').toLowerCase()
}
