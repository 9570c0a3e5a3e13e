import type { Api } from '../../main/contract/calls.ts'
import type { GalleryChange, GalleryFilter, ImageId, ImageRecord } from '../../main/contract/image.ts'

/** Records asked for in one call. */
const PAGE = 100

/** Every picture, newest first: the ids of all, the records of those that were looked at. */
export class GalleryState {
  readonly #api: Api
  // One map that grows, in a wrapper that is replaced: there may be 100,000 records, too many to copy for each arrival.
  #known = $state.raw({ records: new Map<ImageId, ImageRecord>() })
  readonly #asked = new Set<ImageId>()
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

  /** The record of a picture if it is here; `want` fetches those that are not. */
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
    await this.#fetch(ids.filter((id) => !this.#known.records.has(id) && !this.#asked.has(id)))
  }

  /** Takes in a change the studio tells. */
  async apply({ added, changed, removed }: GalleryChange): Promise<void> {
    await this.#fetch([...added, ...changed])
    const gone = new Set(removed)
    const rest = this.#ids.filter((id) => !gone.has(id))
    if (this.#isNewerThanAll(added, rest)) {
      this.#ids = [...added.toReversed(), ...rest]
    } else {
      // A restored picture belongs among the older ones, and only the database knows where.
      this.#ids = rest
      await this.load()
    }
    this.#changes += 1
  }

  async star(ids: readonly ImageId[], isStarred: boolean): Promise<void> {
    await this.#api['gallery.star']({ ids: [...ids], isStarred })
  }

  async trash(ids: readonly ImageId[]): Promise<void> {
    await this.#api['gallery.trash']([...ids])
  }

  async restore(ids: readonly ImageId[]): Promise<void> {
    await this.#api['gallery.restore']([...ids])
  }

  async #fetch(ids: readonly ImageId[]): Promise<void> {
    for (const id of ids) this.#asked.add(id)
    try {
      for (let start = 0; start < ids.length; start += PAGE) {
        const records = await this.#api['gallery.details'](ids.slice(start, start + PAGE))
        for (const record of records) this.#known.records.set(record.id, record)
        this.#known = { ...this.#known }
      }
    } finally {
      for (const id of ids) this.#asked.delete(id)
    }
  }

  #isNewerThanAll(added: readonly ImageId[], rest: readonly ImageId[]): boolean {
    if (added.some((id) => rest.includes(id))) return false
    const [newest] = rest
    if (newest === undefined) return true
    const limit = this.#known.records.get(newest)?.createdAt
    return limit !== undefined && added.every((id) => (this.#known.records.get(id)?.createdAt ?? -1) >= limit)
  }
}
