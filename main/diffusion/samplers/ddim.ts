import { clamped, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { ancestralStep } from './ancestral-step.ts'

export interface DdimOptions extends SamplerOptions {
  /** Holds the predicted x0 within ± this, but not the direction; `clip_sample` in diffusers, meant for pixels. */
  readonly estimateLimit?: number
}

/**
 * Denoising diffusion implicit models; one network call a step. Song et al. 2021 (arXiv 2010.02502), equation 12: the
 * predicted x0, the direction pointing to x_t, and random noise, all divided by sqrt(alpha_{t-1}).
 * `eta` defaults to 0, which is deterministic; 1 is DDPM.
 */
export async function* ddim(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from, eta = 0, estimateLimit }: DdimOptions,
): AsyncGenerator<SamplerStep, void, void> {
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const { sigmaDown: direction, sigmaUp: random } = ancestralStep(sigma, sigmaNext, eta)
    // denoised + direction * epsilon, where epsilon = (x - denoised) / sigma
    const estimate = estimateLimit === undefined ? denoised : clamped(denoised, estimateLimit)
    x = weightedSum([1, estimate], [-direction / sigma, denoised], [direction / sigma, x])
    if (random > 0) x = weightedSum([1, x], [random, noise(step)])
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}
