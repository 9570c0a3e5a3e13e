import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'

export interface ThirdOrderOptions extends SamplerOptions {
  /** How the slope of the estimate enters a second-order step: integrated exactly ("heun" in diffusers), or half of it. */
  readonly solver?: 'heun' | 'midpoint'
  /** No step is of a higher order than there are steps left; diffusers does so below 15 steps. */
  readonly isOrderFalling?: boolean
}

/**
 * DPM-Solver++(3M) for the stochastic equation: the estimate as a parabola through the last three steps, noise integrated
 * exactly; one network call a step. Lu et al. 2022 (arXiv 2211.01095), after k-diffusion. `eta` defaults to 1. The first
 * step and one to level 0 are first order, the second is second order.
 */
export async function* dpmpp3mSde(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from, eta = 1, solver = 'heun', isOrderFalling = false }: ThirdOrderOptions,
): AsyncGenerator<SamplerStep, void, void> {
  let memory = from?.memory ?? []
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const [before = NaN, beforeThat = NaN] = [sigmas[step - 1], sigmas[step - 2]]
    const h = Math.log(sigma / sigmaNext)
    const damping = (1 + eta) * h
    const usable = sigmaNext === 0 ? [] : isOrderFalling ? memory.slice(0, sigmas.length - 2 - step) : memory
    const [previous, oldest] = usable
    x = lerp(x, denoised, Math.exp(-damping))
    const r0 = Math.log(before / sigma) / h
    const phi2 = Math.expm1(-damping) / damping + 1
    if (previous && oldest) {
      const r1 = Math.log(beforeThat / before) / h
      const bend = r0 * phi2 - (phi2 / damping - 1 / 2)
      const [a, b] = [(phi2 + bend / (r0 + r1)) / r0, -bend / (r0 + r1) / r1]
      x = weightedSum([1, x], [a, denoised], [b - a, previous], [-b, oldest])
    } else if (previous) {
      const weight = (solver === 'heun' ? phi2 : -Math.expm1(-damping) / 2) / r0
      x = weightedSum([1, x], [weight, denoised], [-weight, previous])
    }
    const added = sigmaNext === 0 ? 0 : sigmaNext * Math.sqrt(-Math.expm1(-2 * eta * h))
    if (added > 0) x = weightedSum([1, x], [added, noise(step, [sigma, sigmaNext])])
    memory = [denoised, ...memory].slice(0, 2)
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory }
  }
}

/** DPM-Solver++(3M) for the deterministic path, as diffusers has it; one network call a step. */
export function dpmpp3m(
  ...[denoise, x, sigmas, options]: Parameters<typeof dpmpp3mSde>
): ReturnType<typeof dpmpp3mSde> {
  return dpmpp3mSde(denoise, x, sigmas, { solver: 'midpoint', ...options, eta: 0 })
}
