import { weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { momentWeights } from './moment-weights.ts'

/** Slopes that a step is made of. */
const ORDER = 4

/**
 * Linear multistep on dx/dsigma: Adams-Bashforth of order 4 for uneven steps, one network call a step; the polynomial through
 * the last four slopes, integrated exactly. After k-diffusion, which integrates it numerically.
 */
export async function* lms(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { from }: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  let slopes = from?.memory ?? []
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const nodes = [0, ...slopes.map((_, j) => (sigmas[step - 1 - j] ?? NaN) - sigma)]
    const moments = nodes.map((_, i) => (sigmaNext - sigma) ** (i + 1) / (i + 1))
    const [own = NaN, ...weights] = momentWeights(nodes, moments)
    const d = weightedSum([1 / sigma, x], [-1 / sigma, denoised])
    // x + own * d, written so that no large x is subtracted from a large x
    x = weightedSum(
      [1 + own / sigma, x],
      [-own / sigma, denoised],
      ...slopes.map((slope, j) => [weights[j] ?? NaN, slope] as const),
    )
    slopes = [d, ...slopes].slice(0, ORDER - 1)
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: slopes }
  }
}
