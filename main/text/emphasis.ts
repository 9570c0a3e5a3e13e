import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Chunk } from './chunks.ts'

/** Encodes token sequences [n][contextLength] to states [n, t, d]; tokens that `hidden` marks are attended to by none. */
export type EncodeStates = (
  ids: readonly (readonly number[])[],
  hidden?: readonly (readonly boolean[])[],
) => Promise<Tensor>

/** What the weights of a prompt's chunks make of their states. */
export interface Emphasised {
  readonly chunks: readonly Chunk[]
  /** [k, t, d] of k chunks. */
  readonly states: Tensor
  /** The chunk without content. */
  readonly empty: Chunk
  readonly encode: EncodeStates
}

/** [k, t, d] with its weights applied; only asked where some weight is not 1. */
export type Emphasis = (prompt: Emphasised) => Promise<Tensor>

/** Each token's state times its weight: AUTOMATIC1111's "No norm". */
export const multiplied: Emphasis = ({ chunks, states }) => Promise.resolve(weighed(states, chunks))

/** The same, each chunk then brought back to the mean it had: AUTOMATIC1111's "Original". */
export const rescaled: Emphasis = ({ chunks, states }) => {
  const weighted = weighed(states, chunks)
  const size = states.data.length / chunks.length
  for (let from = 0; from < states.data.length; from += size) {
    const chunk = weighted.data.subarray(from, from + size)
    const factor = sum(states.data.subarray(from, from + size)) / sum(chunk)
    for (const [i, value] of chunk.entries()) chunk[i] = value * factor
  }
  return Promise.resolve(weighted)
}

/** Each token's state moved away from, or towards, what an empty prompt has in its place: ComfyUI's way. */
export const fromEmpty: Emphasis = async ({ chunks, states, empty, encode }) =>
  weighed(states, chunks, await encode([empty.ids]))

/** The epsilon of a weight of 0, whose blend would else be infinite; compel's. */
const LEAST_WEIGHT = 1e-5

/**
 * ComfyUI's way, then blended, for each fragment of a weight below 1, with the prompt in which nothing attends to that
 * fragment: compel's way, its DownweightMode.MASK.
 */
export const masked: Emphasis = async ({ chunks, states, empty, encode }) => {
  const emptyStates = await encode([empty.ids])
  const blended = weighed(states, chunks, emptyStates).data
  let total = 1
  for (const [fragment, weight] of lessened(chunks)) {
    const hidden = chunks.map(({ fragments }) => fragments.map((own) => own === fragment))
    const ids = chunks.map((chunk) => chunk.ids)
    const without = weighed(await encode(ids, hidden), chunks, emptyStates).data
    const share = Math.tan(((1 - Math.max(LEAST_WEIGHT, weight)) * Math.PI) / 2)
    for (const [i, value] of without.entries()) blended[i] = (blended[i] ?? 0) + share * value
    total += share
  }
  return tensor(
    states.shape,
    blended.map((value) => value / total),
  )
}

/** Fragments that weigh less than 1, with their weights. */
function lessened(chunks: readonly Chunk[]): Map<number, number> {
  const found = new Map<number, number>()
  for (const { fragments, weights } of chunks) {
    for (const [i, fragment] of fragments.entries()) {
      const weight = weights[i] ?? 1
      if (fragment !== null && weight < 1) found.set(fragment, weight)
    }
  }
  return found
}

/** Each token's state moved away from `base` by its weight: from what an empty prompt has in its place, or from nothing. */
function weighed({ shape, data }: Tensor, chunks: readonly Chunk[], base?: Tensor): Tensor {
  const width = shape.at(-1) ?? 1
  const weights = chunks.flatMap((chunk) => chunk.weights)
  const moved = data.map((value, i) => {
    const from = base?.data[i % base.data.length] ?? 0
    const weight = weights[Math.floor(i / width)] ?? 1
    return weight === 1 ? value : from + (value - from) * weight
  })
  return tensor(shape, moved)
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0)
}
