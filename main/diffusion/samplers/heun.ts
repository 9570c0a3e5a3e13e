import { lerp } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { churned } from './churn.ts'

/**
 * Above this level x is noise and nothing else, and one step may fall by orders of magnitude (tables that end near zero
 * SNR); the corrector would multiply the small difference of the two estimates by that fall.
 */
const CORRECTOR_LIMIT = 1000

/**
 * Heun's method: Euler predictor, trapezoid corrector, optional churn; two network calls a step.
 * Karras et al. 2022 (arXiv 2206.00364), Algorithm 2. The step to level 0, and any from a level above 1000, is plain Euler.
 */
export async function* heun(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  options: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  for (const { step, sigma, sigmaNext } of intervals(sigmas, options.from)) {
    const [xHat, sigmaHat] = churned(x, sigma, step, sigmas.length - 1, options)
    const denoised = await denoise(xHat, sigmaHat)
    x = lerp(xHat, denoised, sigmaNext / sigmaHat)
    if (sigmaNext > 0 && sigmaHat <= CORRECTOR_LIMIT) {
      const corrected = await denoise(x, sigmaNext)
      // xHat + (sigmaNext - sigmaHat) (d + d') / 2 is Euler's step on an estimate between the two
      const weight = sigmaHat / (2 * sigmaNext)
      x = lerp(xHat, lerp(corrected, denoised, weight), sigmaNext / sigmaHat)
    }
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}
