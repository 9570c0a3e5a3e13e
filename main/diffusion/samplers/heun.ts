import { lerp } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { churned } from './churn.ts'
import { isNoiseAlone } from './noise-alone.ts'

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
    x = await trapezoidStep(denoise, xHat, denoised, sigmaHat, sigmaNext)
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}

/** From `sigma`, where `denoised` is expected, to `sigmaNext` along the mean of the slopes at both. */
export async function trapezoidStep(
  denoise: Denoise,
  x: Tensor,
  denoised: Tensor,
  sigma: number,
  sigmaNext: number,
): Promise<Tensor> {
  const end = lerp(x, denoised, sigmaNext / sigma)
  if (sigmaNext === 0 || isNoiseAlone(sigma)) return end
  const corrected = await denoise(end, sigmaNext)
  // x + (sigmaNext - sigma) (d + d') / 2 is Euler's step on an estimate between the two
  return lerp(x, lerp(corrected, denoised, sigma / (2 * sigmaNext)), sigmaNext / sigma)
}
