import { lerp } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'

export interface MultistepOptions extends SamplerOptions {
  /** How the slope of the estimate enters: half of it, as in the paper, or integrated exactly ("heun" in diffusers). */
  readonly solver?: 'midpoint' | 'heun'
  /** The last step is first order even when its level is not 0. */
  readonly isLastFirstOrder?: boolean
}

/**
 * DPM-Solver++(2M): the exponential integrator with the estimate extrapolated from the last two steps; one network call a
 * step. Lu et al. 2022 (arXiv 2211.01095), Algorithm 2, in lambda = -log sigma. The first step and one to level 0 are first
 * order, which is Euler.
 */
export async function* dpmpp2m(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { from, solver = 'midpoint', isLastFirstOrder = false }: MultistepOptions,
): AsyncGenerator<SamplerStep, void, void> {
  let previous = from?.memory[0]
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const sigmaBefore = sigmas[step - 1]
    const isFirstOrder = sigmaNext === 0 || (isLastFirstOrder && step === sigmas.length - 2)
    let estimate = denoised
    if (previous && sigmaBefore !== undefined && !isFirstOrder) {
      const h = Math.log(sigma / sigmaNext)
      const r = Math.log(sigmaBefore / sigma) / h
      const share = solver === 'midpoint' ? 1 / 2 : 1 / -Math.expm1(-h) - 1 / h
      estimate = lerp(previous, denoised, -share / r)
    }
    x = lerp(x, estimate, sigmaNext / sigma)
    previous = denoised
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [previous] }
  }
}
