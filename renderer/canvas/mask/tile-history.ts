import type { Area, MaskSurface } from './mask-surface.ts'

const TILE_PX = 128
const KEPT = 100

/** A tile's values; one number where they are all the same. */
type TileValues = Uint8Array | number

interface Tile {
  readonly area: Area
  readonly before: TileValues
  readonly after: TileValues
}

type Edit = readonly Tile[]

/** Edits of a mask as the tiles they touched, before and after: to take back, and to do again. */
export class TileHistory {
  readonly #surface: MaskSurface
  /** Tiles of the edit under way, as they were before it. */
  readonly #touched = new Map<number, { area: Area; before: TileValues }>()
  #done: readonly Edit[] = []
  #undone: readonly Edit[] = []

  constructor(surface: MaskSurface) {
    this.#surface = surface
  }

  get canUndo(): boolean {
    return this.#done.length > 0
  }

  get canRedo(): boolean {
    return this.#undone.length > 0
  }

  /** To be told before an area is changed. */
  touch(changing: Area): void {
    const { width, height } = this.#surface.size
    const columns = Math.ceil(width / TILE_PX)
    const last = (start: number, length: number) => Math.floor((start + length - 1) / TILE_PX)
    for (let row = Math.floor(changing.y / TILE_PX); row <= last(changing.y, changing.height); row++) {
      for (let column = Math.floor(changing.x / TILE_PX); column <= last(changing.x, changing.width); column++) {
        const place = row * columns + column
        if (this.#touched.has(place)) continue
        const x = column * TILE_PX
        const y = row * TILE_PX
        const area = { x, y, width: Math.min(TILE_PX, width - x), height: Math.min(TILE_PX, height - y) }
        this.#touched.set(place, { area, before: pack(this.#surface.read(area)) })
      }
    }
  }

  /** Ends the edit under way; false where it changed nothing. */
  commit(): boolean {
    const edit = [...this.#touched.values()]
      .map(({ area, before }) => ({ area, before, after: pack(this.#surface.read(area)) }))
      .filter(({ before, after }) => !isSame(before, after))
    this.#touched.clear()
    if (edit.length === 0) return false
    this.#done = [...this.#done, edit].slice(-KEPT)
    this.#undone = []
    return true
  }

  undo(): boolean {
    const edit = this.#done.at(-1)
    if (!edit) return false
    for (const { area, before } of edit) this.#surface.write(area, unpack(before, area))
    this.#done = this.#done.slice(0, -1)
    this.#undone = [...this.#undone, edit]
    return true
  }

  redo(): boolean {
    const edit = this.#undone.at(-1)
    if (!edit) return false
    for (const { area, after } of edit) this.#surface.write(area, unpack(after, area))
    this.#undone = this.#undone.slice(0, -1)
    this.#done = [...this.#done, edit]
    return true
  }
}

function pack(values: Uint8Array): TileValues {
  const [first = 0] = values
  return values.every((value) => value === first) ? first : values
}

function unpack(values: TileValues, { width, height }: Area): Uint8Array {
  return typeof values === 'number' ? new Uint8Array(width * height).fill(values) : values
}

function isSame(one: TileValues, other: TileValues): boolean {
  if (typeof one === 'number' || typeof other === 'number') return one === other
  return one.every((value, i) => value === other[i])
}
