import { weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'

export interface DdpmOptions extends SamplerOptions {
  /** Section 3.2: the posterior's variance (`small`, for data at a point) or the forward step's (`large`, for normal data). */
  readonly variance?: 'small' | 'large'
  /** Noise also on the step to a clean latent, which the paper leaves out; `large` has some to add there. */
  readonly isResultNoised?: boolean
}

/**
 * Denoising diffusion probabilistic models: a draw from the posterior of each step; one network call a step.
 * Ho et al. 2020 (arXiv 2006.11239), Algorithm 2 and equations 6 and 7, over any subset of levels, divided by
 * sqrt(alpha_{t-1}).
 */
export async function* ddpm(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from, variance = 'small', isResultNoised = false }: DdpmOptions,
): AsyncGenerator<SamplerStep, void, void> {
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const kept = (sigmaNext / sigma) ** 2
    x = weightedSum([1 - kept, denoised], [kept, x])
    const deviation =
      variance === 'small'
        ? sigmaNext * Math.sqrt(1 - kept)
        : // beta / alpha_{t-1}, where beta = (sigma^2 - sigmaNext^2) / (1 + sigma^2)
          Math.sqrt(((1 + sigmaNext ** 2) * (sigma ** 2 - sigmaNext ** 2)) / (1 + sigma ** 2))
    if (deviation > 0 && (sigmaNext > 0 || isResultNoised)) x = weightedSum([1, x], [deviation, noise(step)])
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}
