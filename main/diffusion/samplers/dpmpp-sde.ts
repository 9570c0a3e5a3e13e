import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { ancestralStep } from './ancestral-step.ts'

/**
 * DPM-Solver++ (stochastic): the estimate half-way in log sigma, reached with noise of its own, then noise up to the next
 * level; two network calls and two draws a step. After k-diffusion. `eta` defaults to 1; 0 is DPM-Solver++(2S). A step to
 * level 0 is Euler.
 */
export async function* dpmppSde(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from, eta = 1 }: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    const start = x
    /** From the start to `level` with an estimate, the noise up to it being draw number `draw`. */
    const to = (level: number, estimate: Tensor, draw: number) => {
      const { sigmaDown, sigmaUp } = ancestralStep(sigma, level, eta)
      const down = lerp(start, estimate, sigmaDown / sigma)
      return sigmaUp > 0 ? weightedSum([1, down], [sigmaUp, noise(draw, [sigma, level])]) : down
    }
    let estimate = denoised
    if (sigmaNext > 0) {
      const middle = Math.sqrt(sigma * sigmaNext)
      estimate = await denoise(to(middle, denoised, 2 * step), middle)
    }
    x = to(sigmaNext, estimate, 2 * step + 1)
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [] }
  }
}
