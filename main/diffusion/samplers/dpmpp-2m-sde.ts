import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerStep } from '../sampler.ts'
import type { MultistepOptions } from './dpmpp-2m.ts'

/**
 * DPM-Solver++(2M) for the stochastic equation: the estimate extrapolated from the last two steps, noise integrated exactly;
 * one network call a step. Lu et al. 2022 (arXiv 2211.01095), section 5, after k-diffusion. `eta` defaults to 1; 0 is
 * DPM-Solver++(2M). The first step and one to level 0 are first order.
 */
export async function* dpmpp2mSde(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from, eta = 1, solver = 'midpoint', isLastFirstOrder = false }: MultistepOptions,
): AsyncGenerator<SamplerStep, void, void> {
  let previous = from?.memory[0]
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const sigmaBefore = sigmas[step - 1]
    const isFirstOrder = sigmaNext === 0 || (isLastFirstOrder && step === sigmas.length - 2)
    const h = Math.log(sigma / sigmaNext)
    const damping = (1 + eta) * h
    let estimate = denoised
    if (previous && sigmaBefore !== undefined && !isFirstOrder) {
      const r = Math.log(sigmaBefore / sigma) / h
      const share = solver === 'midpoint' ? 1 / 2 : 1 / -Math.expm1(-damping) - 1 / damping
      estimate = lerp(previous, denoised, -share / r)
    }
    x = lerp(x, estimate, Math.exp(-damping))
    const added = sigmaNext === 0 ? 0 : sigmaNext * Math.sqrt(-Math.expm1(-2 * eta * h))
    if (added > 0) x = weightedSum([1, x], [added, noise(step, [sigma, sigmaNext])])
    previous = denoised
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [previous] }
  }
}

/** The same with the slope of the estimate integrated exactly. */
export function dpmpp2mSdeHeun(
  ...[denoise, x, sigmas, options]: Parameters<typeof dpmpp2mSde>
): ReturnType<typeof dpmpp2mSde> {
  return dpmpp2mSde(denoise, x, sigmas, { solver: 'heun', ...options })
}
