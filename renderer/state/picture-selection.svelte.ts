import type { ImageId } from '../../main/contract/image.ts'

const NONE: ReadonlySet<ImageId> = new Set()

/** Which pictures of a list are selected, and from where a range is drawn. */
export class PictureSelection {
  #ids = $state.raw(NONE)
  /** What was selected before the range, which a longer or shorter range leaves as it is. */
  #beforeRange = NONE
  #anchor: ImageId | undefined

  has(id: ImageId): boolean {
    return this.#ids.has(id)
  }

  get isEmpty(): boolean {
    return this.#ids.size === 0
  }

  toggle(id: ImageId): void {
    const ids = new Set(this.#ids)
    if (!ids.delete(id)) ids.add(id)
    this.#set(ids, id)
  }

  /** Selects from where the last range began, or from `start`, to `end`; the range replaces the one before. */
  extend(list: readonly ImageId[], start: ImageId, end: ImageId): void {
    const anchor = this.#anchor !== undefined && list.includes(this.#anchor) ? this.#anchor : start
    if (anchor !== this.#anchor) this.#beforeRange = this.#ids
    this.#anchor = anchor
    const [first, last] = [list.indexOf(anchor), list.indexOf(end)].sort((a, b) => a - b)
    if (first === undefined || last === undefined || first < 0) return
    this.#ids = new Set([...this.#beforeRange, ...list.slice(first, last + 1)])
  }

  all(list: readonly ImageId[]): void {
    this.#set(new Set(list), undefined)
  }

  clear(): void {
    this.#set(NONE, undefined)
  }

  drop(ids: readonly ImageId[]): void {
    const dropped = new Set(ids)
    this.#set(new Set([...this.#ids].filter((id) => !dropped.has(id))), undefined)
  }

  #set(ids: ReadonlySet<ImageId>, anchor: ImageId | undefined): void {
    this.#ids = ids
    this.#beforeRange = ids
    this.#anchor = anchor
  }
}
