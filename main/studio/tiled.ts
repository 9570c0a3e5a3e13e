import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** How a picture or latent is cut; in latent cells. */
export interface Tiling {
  readonly tile: number
  /** Of neighbouring tiles, at least. */
  readonly overlap: number
  /** What a cell is in the input and the output, a side: 1 and 8 for a decoder of Stable Diffusion. */
  readonly inScale: number
  readonly outScale: number
}

/** Told before each tile how many are done. */
export type OnTile = (done: number, count: number) => Promise<void>

/** In what tiles a decoder works, or an encoder; null for all at once. @param factor pixels a side for each cell */
export function decoderTiling(tilePx: number | null, factor: number): Tiling | null {
  return tilePx === null ? null : { ...inCells(tilePx, factor), inScale: 1, outScale: factor }
}

export function encoderTiling(tilePx: number | null, factor: number): Tiling | null {
  return tilePx === null ? null : { ...inCells(tilePx, factor), inScale: factor, outScale: 1 }
}

/** A quarter of a tile is shared with the next: enough for the borders' marks to lie where a tile hardly counts. */
function inCells(tilePx: number, factor: number): Pick<Tiling, 'tile' | 'overlap'> {
  const tile = Math.max(4, Math.round(tilePx / factor))
  return { tile, overlap: Math.round(tile / 4) }
}

/**
 * What `run` makes of x [n, c, h, w], tile by tile. Where tiles overlap, one fades into the next with a weight that is flat
 * at both ends: neither the values nor their slopes jump. The outermost cells of a tile, which see its border, count least.
 */
export async function inTiles(
  x: Tensor,
  tiling: Tiling | null,
  run: (part: Tensor) => Promise<Tensor>,
  onTile: OnTile = () => Promise.resolve(),
): Promise<Tensor> {
  if (tiling === null) return run(x)
  const { tile, overlap, inScale, outScale } = tiling
  const [batch = 0, , height = 0, width = 0] = x.shape
  const [rows, columns] = [spans(height / inScale, tile, overlap), spans(width / inScale, tile, overlap)]
  const places = rows.flatMap((row) => columns.map((column) => ({ row, column })))
  let sum: Tensor | null = null
  for (const [done, { row, column }] of places.entries()) {
    await onTile(done, places.length)
    const part = await run(cut(x, row, column, inScale))
    const [, channels = 0] = part.shape
    sum ??= tensor([batch, channels, (height / inScale) * outScale, (width / inScale) * outScale])
    lay(part, sum, weights(row, outScale), weights(column, outScale), row.start * outScale, column.start * outScale)
  }
  if (!sum) throw new RangeError(`expected cells to cut into tiles, found [${x.shape.join(', ')}]`)
  return sum
}

/** Where a tile lies along one side, and how many cells it shares with the tiles before and after. */
interface Span {
  readonly start: number
  readonly length: number
  readonly before: number
  readonly after: number
}

/** Tiles of one length, spread evenly: as few, and then as short, as overlap enough. */
function spans(cells: number, tile: number, overlap: number): Span[] {
  if (cells <= tile) return [{ start: 0, length: cells, before: 0, after: 0 }]
  const count = Math.ceil((cells - overlap) / (tile - overlap))
  const length = Math.ceil((cells + (count - 1) * overlap) / count)
  const starts = Array.from({ length: count }, (_, i) => Math.round((i * (cells - length)) / (count - 1)))
  const shared = (i: number) => (starts[i - 1] ?? 0) + length - (starts[i] ?? 0)
  return starts.map((start, i) => ({
    start,
    length,
    before: i === 0 ? 0 : shared(i),
    after: i === count - 1 ? 0 : shared(i + 1),
  }))
}

/** The weight of each row or column of a tile; those of neighbours add up to 1. */
function weights({ length, before, after }: Span, scale: number): Float32Array {
  const size = length * scale
  return Float32Array.from({ length: size }, (_, i) => {
    const rising = before === 0 ? 1 : (i + 0.5) / (before * scale)
    const falling = after === 0 ? 1 : (size - i - 0.5) / (after * scale)
    return smooth(rising) * smooth(falling)
  })
}

/** 0 to 1, flat at both ends; smooth(t) + smooth(1 - t) = 1. */
function smooth(t: number): number {
  const inside = Math.min(1, Math.max(0, t))
  return inside ** 3 * (10 - 15 * inside + 6 * inside ** 2)
}

function cut({ shape, data }: Tensor, row: Span, column: Span, scale: number): Tensor {
  const [batch = 0, channels = 0, height = 0, width = 0] = shape
  const [partHeight, partWidth] = [row.length * scale, column.length * scale]
  const part = tensor([batch, channels, partHeight, partWidth])
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let y = 0; y < partHeight; y++) {
      const from = (plane * height + row.start * scale + y) * width + column.start * scale
      part.data.set(data.subarray(from, from + partWidth), (plane * partHeight + y) * partWidth)
    }
  }
  return part
}

function lay(part: Tensor, sum: Tensor, down: Float32Array, across: Float32Array, top: number, left: number): void {
  const [batch = 0, channels = 0, partHeight = 0, partWidth = 0] = part.shape
  const [, , height = 0, width = 0] = sum.shape
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let y = 0; y < partHeight; y++) {
      const at = (plane * height + top + y) * width + left
      const from = (plane * partHeight + y) * partWidth
      const weight = down[y] ?? 0
      for (let x = 0; x < partWidth; x++) {
        sum.data[at + x] = (sum.data[at + x] ?? 0) + weight * (across[x] ?? 0) * (part.data[from + x] ?? 0)
      }
    }
  }
}
