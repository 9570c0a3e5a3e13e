import { weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { ancestralStep } from './ancestral-step.ts'
import { midpointStep } from './dpm2.ts'

/**
 * A midpoint step below the next level, then fresh noise up to it; two network calls a step. After k-diffusion. `eta`
 * defaults to 1; 0 is DPM2.
 */
export async function* dpm2Ancestral(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from, eta = 1 }: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const { sigmaDown, sigmaUp } = ancestralStep(sigma, sigmaNext, eta)
    x = await midpointStep(denoise, x, denoised, sigma, sigmaDown)
    if (sigmaUp > 0) x = weightedSum([1, x], [sigmaUp, noise(step)])
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}
