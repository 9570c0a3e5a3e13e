import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { toDenoised, toPrediction } from '../denoise.ts'
import { intervals, logBetween } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { isNoiseAlone } from './noise-alone.ts'
import { plms } from './plms.ts'

/** Steps of Runge-Kutta, until there are outputs enough to extrapolate. */
const WARM_UP = 3

/**
 * Pseudo numerical methods for diffusion models, F-PNDM: DDIM steps along a Runge-Kutta mean of four outputs, then PLMS; four
 * network calls in each of the first three steps. Liu et al. 2022 (arXiv 2202.09778), equation 13 and algorithm 2. The last
 * step of a shorter run is plain DDIM.
 */
export async function* pndm(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  options: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  const { predictionType = 'epsilon', levelBetween = logBetween, from } = options
  let outputs = from?.memory ?? []
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    if (outputs.length === WARM_UP) {
      yield* plms(denoise, x, sigmas, { ...options, from: { step, memory: outputs } })
      return
    }
    const start = x
    let estimate = await denoise(start, sigma)
    const first = toPrediction(predictionType, estimate, start, sigma)
    if (step < sigmas.length - 2 && !isNoiseAlone(sigma)) {
      const along = (output: Tensor) => toDenoised(predictionType, output, start, sigma)
      const outputAt = async (level: number, from: Tensor) => {
        const stage = lerp(start, from, level / sigma)
        return toPrediction(predictionType, await denoise(stage, level), stage, level)
      }
      const middle = levelBetween(sigma, sigmaNext, 1 / 2)
      const second = await outputAt(middle, estimate)
      const third = await outputAt(middle, along(second))
      const fourth = await outputAt(sigmaNext, along(third))
      estimate = along(weightedSum([1 / 6, first], [1 / 3, second], [1 / 3, third], [1 / 6, fourth]))
    }
    outputs = [first, ...outputs]
    x = lerp(start, estimate, sigmaNext / sigma)
    yield { step: step + 1, sigma: sigmaNext, x, denoised: estimate, memory: outputs }
  }
}
