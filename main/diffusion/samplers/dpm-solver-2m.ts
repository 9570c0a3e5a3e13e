import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerStep } from '../sampler.ts'
import type { MultistepOptions } from './dpmpp-2m.ts'

/**
 * DPM-Solver(2M): as DPM-Solver++(2M), but the predicted noise is extrapolated instead of the estimate; one network call a
 * step. Lu et al. 2022 (arXiv 2206.00927), the multistep form of diffusers. The first step and one to level 0 are first order.
 */
export async function* dpmSolver2m(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { from, isLastFirstOrder = false }: Omit<MultistepOptions, 'solver'>,
): AsyncGenerator<SamplerStep, void, void> {
  let previous = from?.memory[0]
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const epsilon = weightedSum([1 / sigma, x], [-1 / sigma, denoised])
    const sigmaBefore = sigmas[step - 1]
    const isFirstOrder = sigmaNext === 0 || (isLastFirstOrder && step === sigmas.length - 2)
    x = lerp(x, denoised, sigmaNext / sigma)
    if (previous && sigmaBefore !== undefined && !isFirstOrder) {
      const r = Math.log(sigmaBefore / sigma) / Math.log(sigma / sigmaNext)
      const weight = (sigmaNext - sigma) / (2 * r)
      x = weightedSum([1, x], [weight, epsilon], [-weight, previous])
    }
    previous = epsilon
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [previous] }
  }
}
