import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { churned } from './churn.ts'
import { isNoiseAlone } from './noise-alone.ts'

/**
 * DPM-Solver-2 with the churn of Karras et al.: the midpoint method with its middle in log sigma; two network calls a step.
 * Lu et al. 2022 (arXiv 2206.00927), Algorithm 1, after k-diffusion. The step to level 0, and any from a level above 1000, is
 * plain Euler.
 */
export async function* dpm2(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  options: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  for (const { step, sigma, sigmaNext } of intervals(sigmas, options.from)) {
    const [xHat, sigmaHat] = churned(x, sigma, step, sigmas.length - 1, options)
    const denoised = await denoise(xHat, sigmaHat)
    x = await midpointStep(denoise, xHat, denoised, sigmaHat, sigmaNext)
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}

/** From `sigma`, where `denoised` is expected, to `sigmaNext` along the slope half-way in log sigma. */
export async function midpointStep(
  denoise: Denoise,
  x: Tensor,
  denoised: Tensor,
  sigma: number,
  sigmaNext: number,
): Promise<Tensor> {
  const end = lerp(x, denoised, sigmaNext / sigma)
  if (sigmaNext === 0 || isNoiseAlone(sigma)) return end
  const middle = Math.sqrt(sigma * sigmaNext)
  const later = await denoise(lerp(x, denoised, middle / sigma), middle)
  // x + (sigmaNext - sigma) d', where d' = d + (denoised - later) / middle
  const weight = (sigma - sigmaNext) / middle
  return weightedSum([1, end], [weight, later], [-weight, denoised])
}
