import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'

/**
 * DPM-Solver++(2S), singlestep: levels are taken in pairs, the second reached anew from the start of the pair with the
 * estimates of both; one network call a step. Lu et al. 2022 (arXiv 2211.01095), Algorithm 1, in diffusers' grouping: the last
 * step is first order.
 */
export function dpmpp2s(...[denoise, x, sigmas, options]: Arguments): AsyncGenerator<SamplerStep, void, void> {
  return singlestep(2, denoise, x, sigmas, options)
}

/** DPM-Solver++(3S), singlestep: as DPM-Solver++(2S), but levels are taken in threes. */
export function dpmpp3s(...[denoise, x, sigmas, options]: Arguments): AsyncGenerator<SamplerStep, void, void> {
  return singlestep(3, denoise, x, sigmas, options)
}

type Arguments = [denoise: Denoise, x: Tensor, sigmas: readonly number[], options: SamplerOptions]

async function* singlestep(
  order: 2 | 3,
  ...[denoise, x, sigmas, { from }]: Arguments
): AsyncGenerator<SamplerStep, void, void> {
  // the latent where the group started, and the estimate there
  let [start = x, first] = from?.memory ?? []
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const position = step === sigmas.length - 2 ? 0 : step % order
    const denoised = await denoise(x, sigma)
    if (position === 0 || !first) [start, first] = [x, denoised]
    const startSigma = sigmas[step - position] ?? NaN
    x = lerp(start, first, sigmaNext / startSigma)
    if (position > 0) {
      const h = Math.log(startSigma / sigmaNext)
      const r = Math.log(startSigma / sigma) / h
      const weight = (position === 1 ? -Math.expm1(-h) / 2 : Math.expm1(-h) / h + 1) / r
      x = weightedSum([1, x], [weight, denoised], [-weight, first])
    }
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [start, first] }
  }
}
