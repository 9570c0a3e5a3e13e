import { weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { momentWeights } from './moment-weights.ts'

export interface DeisOptions extends SamplerOptions {
  /** Predictions of the noise that a step is made of; 2 as in diffusers. */
  readonly order?: 1 | 2 | 3
  /** No step is of a higher order than there are steps left; diffusers does so below 15 steps. */
  readonly isOrderFalling?: boolean
}

/**
 * Diffusion exponential integrator sampler: the predicted noise as a polynomial in log sigma through the last steps,
 * integrated over sigma exactly; one network call a step. Zhang & Chen 2022 (arXiv 2204.13902), tAB in log rho.
 */
export async function* deis(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { from, order = 2, isOrderFalling = false }: DeisOptions,
): AsyncGenerator<SamplerStep, void, void> {
  let memory = from?.memory ?? []
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const epsilon = weightedSum([1 / sigma, x], [-1 / sigma, denoised])
    const before = isOrderFalling ? memory.slice(0, sigmas.length - 2 - step) : memory
    const nodes = [0, ...before.map((_, j) => Math.log((sigmas[step - 1 - j] ?? NaN) / sigma))]
    const moments = exponentialMoments(Math.log(sigma / sigmaNext)).map((moment) => -sigma * moment)
    const [own = NaN, ...weights] = momentWeights(nodes, moments)
    // x + own * epsilon, written so that no large x is subtracted from a large x
    x = weightedSum(
      [1 + own / sigma, x],
      [-own / sigma, denoised],
      ...before.map((older, j) => [weights[j] ?? NaN, older] as const),
    )
    memory = [epsilon, ...memory].slice(0, order - 1)
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory }
  }
}

/** The integrals of w^i e^w from -h to 0. */
function exponentialMoments(h: number): number[] {
  const left = Math.exp(-h)
  if (left === 0) return [1, -1, 2]
  return [-Math.expm1(-h), left * (1 + h) - 1, 2 - left * (2 + h * (2 + h))]
}
