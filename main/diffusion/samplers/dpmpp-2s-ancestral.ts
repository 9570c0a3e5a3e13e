import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { ancestralStep } from './ancestral-step.ts'

/**
 * DPM-Solver++(2S) below the next level, then fresh noise up to it: the exponential integrator with the estimate half-way in
 * log sigma; two network calls a step. Lu et al. 2022 (arXiv 2211.01095), Algorithm 1, made ancestral by k-diffusion. `eta`
 * defaults to 1. A step to level 0 is Euler.
 */
export async function* dpmpp2sAncestral(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from, eta = 1 }: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const { sigmaDown, sigmaUp } = ancestralStep(sigma, sigmaNext, eta)
    let estimate = denoised
    if (sigmaDown > 0) {
      const middle = Math.sqrt(sigma * sigmaDown)
      estimate = await denoise(lerp(x, denoised, middle / sigma), middle)
    }
    x = lerp(x, estimate, sigmaDown / sigma)
    if (sigmaUp > 0) x = weightedSum([1, x], [sigmaUp, noise(step)])
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}
