import { lerp } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { churned } from './churn.ts'

/**
 * Euler's method on dx/dsigma = (x - denoised) / sigma, with optional churn; one network call a step.
 * Karras et al. 2022 (arXiv 2206.00364), Algorithm 2 without its correction.
 */
export async function* euler(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  options: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  for (const { step, sigma, sigmaNext } of intervals(sigmas, options.from)) {
    const [xHat, sigmaHat] = churned(x, sigma, step, sigmas.length - 1, options)
    const denoised = await denoise(xHat, sigmaHat)
    // x + (sigmaNext - sigma) d, written so that no large x is subtracted from a large x
    x = lerp(xHat, denoised, sigmaNext / sigmaHat)
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}
