import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { isNoiseAlone } from './noise-alone.ts'

export interface LangevinOptions extends SamplerOptions {
  /** Moves at each level, each a network call and a draw; the paper has 100 at 10 levels. */
  readonly moves?: number
  /** The paper's alpha over sigma^2. */
  readonly stepSize?: number
}

/**
 * Annealed Langevin dynamics, the sampler of noise-conditional score networks: at each level a random walk along the score,
 * (denoised - x) / sigma^2, started where the level above ended. Song & Ermon 2019 (arXiv 1907.05600), Algorithm 1; the step to
 * level 0 is the estimate, as Song & Ermon 2020 (arXiv 2006.09011) add. The network is called 10 times a step by default.
 */
export async function* langevin(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from, moves = 10, stepSize = 0.2 }: LangevinOptions,
): AsyncGenerator<SamplerStep, void, void> {
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    // a walk cannot leave the levels that are noise alone, which a table may fall from at once
    const start = sigmaNext === 0 || isNoiseAlone(sigma) ? await denoise(x, sigma) : null
    if (start) x = lerp(x, start, sigmaNext / sigma)
    let denoised = start ?? x
    for (let move = 0; move < moves && sigmaNext > 0; move++) {
      denoised = await denoise(x, sigmaNext)
      const random = noise(step * moves + move)
      x = weightedSum([1 - stepSize / 2, x], [stepSize / 2, denoised], [sigmaNext * Math.sqrt(stepSize), random])
    }
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}
