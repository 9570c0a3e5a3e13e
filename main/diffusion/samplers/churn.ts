import { weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { SamplerOptions } from '../sampler.ts'

/** The highest share of a level that a step may add. */
const MAX_GAIN = Math.SQRT2 - 1

/**
 * The latent raised from `sigma` to a slightly higher level by fresh noise, or as it is where there is nothing to add.
 * Karras et al. 2022 (arXiv 2206.00364), Algorithm 2, lines 4 to 6.
 */
export function churned(
  x: Tensor,
  sigma: number,
  step: number,
  stepCount: number,
  { churn, noise }: SamplerOptions,
): [Tensor, number] {
  if (!churn || sigma < (churn.sigmaMin ?? 0) || sigma > (churn.sigmaMax ?? Infinity)) return [x, sigma]
  const gamma = Math.min(churn.amount / stepCount, MAX_GAIN)
  if (gamma <= 0) return [x, sigma]
  const sigmaHat = sigma * (1 + gamma)
  const added = Math.sqrt(sigmaHat ** 2 - sigma ** 2) * (churn.noiseScale ?? 1)
  return [weightedSum([1, x], [added, noise(step)]), sigmaHat]
}
