import { isSameShape, lerp } from '../tensor/arithmetic.ts'
import { concatBatch, expandBatch, sliceBatch } from '../tensor/batch.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Predict } from './denoise.ts'

/** What the network is told of the picture. */
export interface Conditioning {
  /** The encoded prompt, [n, tokens, d]. */
  readonly context: Tensor
  /** [n, v] for networks told more than the prompt; else null. */
  readonly vector: Tensor | null
}

/** The U-Net: x [n, c, h, w], one timestep a row, conditioning of n rows → prediction in the shape of x. */
export type DiffusionNetwork = (x: Tensor, timesteps: number[], conditioning: Conditioning) => Promise<Tensor>

export interface GuidanceOptions {
  /** Both passes in one batch, [unconditional, conditioning]; else one after the other, in half the memory. */
  readonly isBatched: boolean
}

/**
 * Classifier-free guidance: unconditional + scale * (conditional - unconditional). Ho & Salimans 2022 (arXiv 2207.12598)
 * in the scale that Imagen and Stable Diffusion count by. Scale 1, or no unconditional, is one pass.
 * @param conditioning  of one row for all pictures, or of n
 * @param unconditional the same; with another number of tokens the passes are not batched
 */
export function guided(
  network: DiffusionNetwork,
  conditioning: Conditioning,
  unconditional: Conditioning | null,
  scale: number,
  { isBatched }: GuidanceOptions,
): Predict {
  const pass = (x: Tensor, timestep: number, told: Conditioning) => {
    const count = x.shape[0] ?? 1
    return network(x, new Array<number>(count).fill(timestep), expanded(told, count))
  }
  if (unconditional === null || scale === 1) return (x, timestep) => pass(x, timestep, conditioning)

  const isOneBatch = isBatched && isSameShape(conditioning.context.shape.slice(1), unconditional.context.shape.slice(1))
  return async (x, timestep) => {
    if (!isOneBatch) {
      const without = await pass(x, timestep, unconditional)
      return lerp(await pass(x, timestep, conditioning), without, scale)
    }
    const count = x.shape[0] ?? 1
    const told = joined(expanded(unconditional, count), expanded(conditioning, count))
    const both = await pass(concatBatch(x, x), timestep, told)
    return lerp(sliceBatch(both, count, 2 * count), sliceBatch(both, 0, count), scale)
  }
}

/** The rows of both, those of `first` first. */
export function joined(first: Conditioning, second: Conditioning): Conditioning {
  return {
    context: concatBatch(first.context, second.context),
    vector: first.vector && second.vector && concatBatch(first.vector, second.vector),
  }
}

function expanded({ context, vector }: Conditioning, count: number): Conditioning {
  return { context: expandBatch(context, count), vector: vector && expandBatch(vector, count) }
}
