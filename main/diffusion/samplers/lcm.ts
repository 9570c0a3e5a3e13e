import { weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'

/**
 * Latent consistency models: the estimate, noised again to the next level; one network call a step, a handful of steps, for
 * models distilled to answer in one. Song et al. 2023 (arXiv 2303.01469), Algorithm 1; Luo et al. 2023 (arXiv 2310.04378).
 * The weight of x in the consistency function is left out: at most 7e-6, at timestep 19, the lowest that is distilled.
 */
export async function* lcm(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from }: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    x = sigmaNext > 0 ? weightedSum([1, denoised], [sigmaNext, noise(step)]) : denoised
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}
