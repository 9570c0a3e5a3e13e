import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals, logBetween } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'

/**
 * Trajectory consistency distillation, strategic stochastic sampling: down the path to a level below the next one, then noise
 * up to it; one network call a step. Zheng et al. 2024 (arXiv 2402.19159), Algorithm 1. `eta` is the paper's gamma, the share
 * of the next level's timestep that is noise, 0.3 by default.
 */
export async function* tcd(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from, eta = 0.3, levelBetween = logBetween }: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const isLast = step === sigmas.length - 2
    const sigmaDown = isLast ? sigmaNext : Math.min(levelBetween(sigmaNext, 0, eta), sigmaNext)
    x = lerp(x, denoised, sigmaDown / sigma)
    const added = Math.sqrt(sigmaNext ** 2 - sigmaDown ** 2)
    if (added > 0) x = weightedSum([1, x], [added, noise(step)])
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}
