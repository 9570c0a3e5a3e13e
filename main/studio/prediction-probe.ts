import type { Conditioning, DiffusionNetwork } from '../diffusion/guidance.ts'
import type { PredictionType } from '../contract/generation.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Correlation above which what the network gives is its input's noise. */
const LEAST_FOR_EPSILON = 0.5

/**
 * Whether a network predicts epsilon or v, from what it makes of pure noise at the last timestep: the noise itself, or
 * (almost) the negative of the picture it expects, which has little to do with that noise.
 * @param shape [1, c, h, w], the size it was trained at
 */
export async function probePredictionType(
  network: DiffusionNetwork,
  conditioning: Conditioning,
  shape: readonly number[],
  lastTimestep: number,
): Promise<PredictionType> {
  const noise = gaussianNoise(0, 0, shape)
  const answer = await network(noise, [lastTimestep], conditioning, { step: 0, steps: 1 })
  return correlation(noise, answer) >= LEAST_FOR_EPSILON ? 'epsilon' : 'v'
}

function correlation({ data: a }: Tensor, { data: b }: Tensor): number {
  let [product, squareA, squareB] = [0, 0, 0]
  for (const [i, value] of a.entries()) {
    const other = b[i] ?? 0
    product += value * other
    squareA += value * value
    squareB += other * other
  }
  return product / Math.sqrt(squareA * squareB)
}
