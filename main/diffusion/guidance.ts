import { isSameShape, lerp } from '../tensor/arithmetic.ts'
import { concatBatch, expandBatch, sliceBatch } from '../tensor/batch.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Predict } from './denoise.ts'

/** The U-Net: x [n, c, h, w], one timestep a row, context [n, tokens, d] → prediction in the shape of x. */
export type DiffusionNetwork = (x: Tensor, timesteps: number[], context: Tensor) => Promise<Tensor>

export interface GuidanceOptions {
  /** Both passes in one batch, [unconditional, conditioning]; else one after the other, in half the memory. */
  readonly isBatched: boolean
}

/**
 * Classifier-free guidance: unconditional + scale * (conditional - unconditional). Ho & Salimans 2022 (arXiv 2207.12598)
 * in the scale that Imagen and Stable Diffusion count by. Scale 1, or no unconditional, is one pass.
 * @param conditioning  [1, tokens, d] for all pictures, or [n, tokens, d]
 * @param unconditional the same; with another number of tokens the passes are not batched
 */
export function guided(
  network: DiffusionNetwork,
  conditioning: Tensor,
  unconditional: Tensor | null,
  scale: number,
  { isBatched }: GuidanceOptions,
): Predict {
  const pass = (x: Tensor, timestep: number, context: Tensor) => {
    const count = x.shape[0] ?? 1
    return network(x, new Array<number>(count).fill(timestep), expandBatch(context, count))
  }
  if (unconditional === null || scale === 1) return (x, timestep) => pass(x, timestep, conditioning)

  const isOneBatch = isBatched && isSameShape(conditioning.shape.slice(1), unconditional.shape.slice(1))
  return async (x, timestep) => {
    if (!isOneBatch) {
      const without = await pass(x, timestep, unconditional)
      return lerp(await pass(x, timestep, conditioning), without, scale)
    }
    const count = x.shape[0] ?? 1
    const context = concatBatch(expandBatch(unconditional, count), expandBatch(conditioning, count))
    const both = await pass(concatBatch(x, x), timestep, context)
    return lerp(sliceBatch(both, count, 2 * count), sliceBatch(both, 0, count), scale)
  }
}
