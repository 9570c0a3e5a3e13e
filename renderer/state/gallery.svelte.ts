import type { Api } from '../../main/contract/calls.ts'
import type { GalleryChange, GalleryFilter, ImageId, ImageRecord } from '../../main/contract/image.ts'
import { mergeChanges } from './gallery-changes.ts'

/** Records asked for in one call. */
const PAGE = 100
/** Ids the studio takes in one call. */
const BATCH = 1000
/** Records kept; those that were fetched longest ago go first. */
const KEPT = 5000

/** Every picture, newest first: the ids of all, the records of those that were looked at last. */
export class GalleryState {
  readonly #api: Api
  // One map that changes in place, in a wrapper that is replaced: thousands of records are too many to copy for each arrival.
  #known = $state.raw({ records: new Map<ImageId, ImageRecord>() })
  readonly #asked = new Set<ImageId>()
  /** Asked for and not answered: rows the studio cannot read. */
  readonly #absent = new Set<ImageId>()
  #watched: readonly ImageId[] = []
  #isFetchingWatched = false
  #waiting: GalleryChange[] = []
  #applying: Promise<void> | undefined
  #changes = $state(0)
  #ids = $state.raw<readonly ImageId[]>([])
  #isLoaded = $state(false)

  constructor(api: Api) {
    this.#api = api
  }

  get ids(): readonly ImageId[] {
    return this.#ids
  }

  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** Grows with every change the studio tells; a filtered list reads it to know that it is stale. */
  get changes(): number {
    return this.#changes
  }

  /** The record of a picture if it is here; `want` and `watch` fetch those that are not. */
  record(id: ImageId): ImageRecord | undefined {
    return this.#known.records.get(id)
  }

  async load(): Promise<void> {
    this.#ids = await this.find({ text: '', starredOnly: false, order: 'newest' })
    this.#isLoaded = true
  }

  find(filter: GalleryFilter): Promise<ImageId[]> {
    return this.#api['gallery.ids'](filter)
  }

  /** Fetches the records of `ids` that are neither here nor under way. */
  async want(ids: readonly ImageId[]): Promise<void> {
    await this.#fetch(ids.filter((id) => this.#isMissing(id)))
  }

  /**
   * Fetches what is missing of a list's visible part, a page at a time. A later call replaces the earlier: what
   * was scrolled past before its turn is never asked for.
   */
  async watch(ids: readonly ImageId[]): Promise<void> {
    this.#watched = ids
    if (this.#isFetchingWatched) return
    this.#isFetchingWatched = true
    try {
      for (let missing = this.#missingWatched(); missing.length > 0; missing = this.#missingWatched()) {
        await this.#fetch(missing)
      }
    } finally {
      this.#isFetchingWatched = false
    }
  }

  /** Takes in a change the studio tells. Changes that arrive while one is taken in are taken in together after it. */
  apply(change: GalleryChange): Promise<void> {
    this.#waiting.push(change)
    this.#applying ??= this.#applyWaiting().finally(() => (this.#applying = undefined))
    return this.#applying
  }

  async star(ids: readonly ImageId[], isStarred: boolean): Promise<void> {
    for (const batch of batches(ids)) await this.#api['gallery.star']({ ids: batch, isStarred })
  }

  /** Those of `ids` whose star is not as it should be. */
  async starredOtherwise(ids: readonly ImageId[], isStarred: boolean): Promise<ImageId[]> {
    const known = ids.map((id) => this.#known.records.get(id))
    if (known.every((record) => record !== undefined)) {
      return known.filter((record) => record.isStarred !== isStarred).map(({ id }) => id)
    }
    const starred = new Set(await this.find({ text: '', starredOnly: true, order: 'newest' }))
    return ids.filter((id) => starred.has(id) !== isStarred)
  }

  async trash(ids: readonly ImageId[]): Promise<void> {
    for (const batch of batches(ids)) await this.#api['gallery.trash'](batch)
  }

  async restore(ids: readonly ImageId[]): Promise<void> {
    for (const batch of batches(ids)) await this.#api['gallery.restore'](batch)
  }

  #isMissing(id: ImageId): boolean {
    return !this.#known.records.has(id) && !this.#asked.has(id) && !this.#absent.has(id)
  }

  #missingWatched(): readonly ImageId[] {
    return this.#watched.filter((id) => this.#isMissing(id)).slice(0, PAGE)
  }

  async #fetch(ids: readonly ImageId[]): Promise<void> {
    for (const id of ids) this.#asked.add(id)
    try {
      for (const page of batches(ids, PAGE)) {
        const records = await this.#api['gallery.details'](page)
        for (const id of page) this.#absent.add(id)
        for (const record of records) this.#keep(record)
        this.#known = { ...this.#known }
      }
    } finally {
      for (const id of ids) this.#asked.delete(id)
    }
  }

  #keep(record: ImageRecord): void {
    const { records } = this.#known
    this.#absent.delete(record.id)
    records.delete(record.id)
    records.set(record.id, record)
    if (records.size <= KEPT) return
    for (const [id] of records) {
      if (records.size <= KEPT) return
      if (!this.#watched.includes(id)) records.delete(id)
    }
  }

  async #applyWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const { added, changed, removed } = mergeChanges(this.#waiting)
      this.#waiting = []
      for (const id of removed) this.#known.records.delete(id)
      // A picture nobody has looked at need not be read anew; a new one says by its date whether it comes first.
      const looked = changed.filter((id) => this.#known.records.has(id) || this.#absent.has(id))
      await this.#fetch([...(added.length > PAGE ? [] : added), ...looked])
      const gone = new Set(removed)
      const rest = gone.size === 0 ? this.#ids : this.#ids.filter((id) => !gone.has(id))
      const list = withAdded(rest, added, (id) => this.#known.records.get(id)?.createdAt)
      // A restored picture belongs among the older ones, and only the database knows where.
      if (list) this.#ids = list
      else await this.load()
      this.#changes += 1
    }
  }
}

/** The list, newest first, with the added ids before all others; undefined where some of them belong elsewhere. */
function withAdded(
  list: readonly ImageId[],
  added: readonly ImageId[],
  dateOf: (id: ImageId) => number | undefined,
): readonly ImageId[] | undefined {
  if (added.length > PAGE) return undefined
  const fresh = added.filter((id) => !list.includes(id)).map((id) => ({ id, date: dateOf(id) ?? -1 }))
  if (fresh.length === 0) return list
  const [newest] = list
  const limit = newest === undefined ? 0 : dateOf(newest)
  if (limit === undefined || fresh.some(({ date }) => date < limit)) return undefined
  const newestFirst = fresh.toSorted((a, b) => a.date - b.date).toReversed()
  return [...newestFirst.map(({ id }) => id), ...list]
}

function* batches<T>(list: readonly T[], size = BATCH): Generator<T[]> {
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size)
}
