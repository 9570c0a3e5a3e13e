import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { pictureTensor, readPicture } from '../../main/image/picture.ts'
import { tensor } from '../../main/tensor/tensor.ts'
import type { Tensor } from '../../main/tensor/tensor.ts'

/** What is asked of the model, in groups: each noun; things and grounds of a colour; two things side by side; a few nouns several times. */
export type Kind = 'nouns' | 'colours' | 'grounds' | 'scenes' | 'seeds'

/** Numbers are places in the judge's lists of words. */
const Case = z.object({
  prompt: z.string(),
  /** From left to right. */
  nouns: z.array(z.int()).min(1),
  colour: z.int().optional(),
  ground: z.int().optional(),
})
export type Case = z.infer<typeof Case>

export interface DrawnCase extends Case {
  /** A real picture of it, [1, 3, 128, 128] in [-1, 1]. */
  readonly real: Tensor
}

/** Pixels of a side, of the pictures that are judged. */
export const PICTURE_PX = 128
/** Real pictures of one noun that stand one after the other in the group `seeds`. */
export const PER_NOUN = 6
const FOLDER = join(import.meta.dirname, 'judge')

/** At most `limit` cases of a group, spread over all of it. */
export async function readCases(kind: Kind, limit: number): Promise<DrawnCase[]> {
  const groups = z
    .record(z.string(), z.array(Case))
    .parse(JSON.parse(await readFile(join(FOLDER, 'cases.json'), 'utf8')))
  const cases = groups[kind] ?? []
  const pictures = await cellsOf(join(FOLDER, 'pictures', `${kind}.webp`), cases.length)
  const drawn = pictures.flatMap((real, i) => (cases[i] ? [{ ...cases[i], real }] : []))
  return spread(drawn, limit, kind === 'seeds' ? PER_NOUN : 1)
}

/** At most `limit` of the items, in whole runs of `run`, evenly spaced. */
export function spread<T>(items: readonly T[], limit: number, run = 1): T[] {
  const runs = items.length / run
  const wanted = Math.min(runs, Math.ceil(limit / run))
  return Array.from({ length: wanted }, (_, i) => Math.floor((i * runs) / wanted) * run).flatMap((start) =>
    items.slice(start, start + run),
  )
}

/** The first `count` pictures of a sheet without gaps, row by row. */
async function cellsOf(path: string, count: number): Promise<Tensor[]> {
  const { widthPx, heightPx } = await readPicture(path)
  const { data } = await pictureTensor(path, { widthPx, heightPx, fit: 'stretch' })
  const columns = widthPx / PICTURE_PX
  return Array.from({ length: count }, (_, i) => {
    const [left, top] = [(i % columns) * PICTURE_PX, Math.floor(i / columns) * PICTURE_PX]
    return part(data, { width: widthPx, height: heightPx, left, top, side: PICTURE_PX })
  })
}

interface Place {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly top: number
  readonly side: number
}

/** A square of a picture [3, height, width] as [1, 3, side, side]. */
export function part(data: Float32Array, { width, height, left, top, side }: Place): Tensor {
  const out = new Float32Array(3 * side * side)
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < side; y++) {
      const row = (channel * height + top + y) * width + left
      out.set(data.subarray(row, row + side), (channel * side + y) * side)
    }
  }
  return tensor([1, 3, side, side], out)
}
