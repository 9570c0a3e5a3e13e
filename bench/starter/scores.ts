import type { Tensor } from '../../main/tensor/tensor.ts'
import type { Case } from './cases.ts'
import type { Judge, Opinion } from './judge.ts'

/** Of one picture: whether what was asked for is there. */
export interface Verdict {
  /** Each thing asked for is the judge's first guess, where it was asked to stand; among its first five. */
  readonly first: boolean
  readonly five: boolean
  /** The colour asked for, of the thing or the ground; null when none was. */
  readonly colour: boolean | null
}

/** What the judge says of a picture [1, 3, 128, 128] of a case. */
export async function verdict(judge: Judge, picture: Tensor, asked: Case): Promise<Verdict> {
  const views = asked.nouns.length === 2 ? (['left', 'right'] as const) : (['whole'] as const)
  const opinions: Opinion[] = []
  for (const view of views) opinions.push(await judge.look(picture, view))
  const ranks = asked.nouns.map((noun, i) => rankOf(opinions[i]?.nouns ?? new Float32Array(), noun, judge.words.nouns))
  return {
    first: ranks.every((rank) => rank < 1),
    five: ranks.every((rank) => rank < 5),
    colour: colourVerdict(opinions[0], asked),
  }
}

function colourVerdict(opinion: Opinion | undefined, { colour, ground }: Case): boolean | null {
  if (!opinion) return null
  if (colour !== undefined) return highest(opinion.colours) === colour
  return ground === undefined ? null : highest(opinion.grounds) === ground
}

/** How many nouns score higher than the one asked for, or than one that shares a name with it: 0 is the first guess. */
export function rankOf(scores: Float32Array, noun: number, names: readonly (readonly string[])[]): number {
  const own = new Set(names[noun])
  const alike = names.flatMap((others, i) => (i === noun || others.some((name) => own.has(name)) ? [i] : []))
  const best = Math.max(...alike.map((i) => scores[i] ?? -Infinity))
  return scores.reduce((count, score) => count + (score > best ? 1 : 0), 0)
}

function highest(scores: Float32Array): number {
  return scores.indexOf(Math.max(...scores))
}

/** The mean distance of each two of the pictures, all of one size: the root mean square of their pixels' differences, in [-1, 1]. */
export function meanDistance(pictures: readonly Tensor[]): number {
  const distances = pictures.flatMap((a, i) => pictures.slice(i + 1).map((b) => Math.sqrt(meanSquare(a, b))))
  return distances.reduce((sum, distance) => sum + distance, 0) / distances.length
}

/** Peak signal-to-noise ratio in dB of a picture in [-1, 1]; what lies outside is as it would be saved. */
export function psnr(picture: Tensor, found: Tensor): number {
  const saved = { ...found, data: found.data.map((value) => Math.min(1, Math.max(-1, value))) }
  return 10 * Math.log10(4 / meanSquare(picture, saved))
}

function meanSquare(a: Tensor, b: Tensor): number {
  return a.data.reduce((sum, value, i) => sum + (value - (b.data[i] ?? NaN)) ** 2, 0) / a.data.length
}
