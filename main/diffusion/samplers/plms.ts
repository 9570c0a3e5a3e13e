import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { toDenoised, toPrediction } from '../denoise.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { isNoiseAlone } from './noise-alone.ts'

/** Adams-Bashforth for evenly spaced steps, by how many outputs there are; newest first. */
const WEIGHTS = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]]

/**
 * Pseudo linear multistep: a DDIM step along the network's last four outputs, extrapolated; one network call a step, and a
 * second one for the first, which is Heun's. Liu et al. 2022 (arXiv 2202.09778), equation 12, started as in Stable
 * Diffusion, without Runge-Kutta. The outputs are weighted as they are, v as v, whatever the levels between them.
 */
export async function* plms(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { from, predictionType = 'epsilon' }: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  let outputs = from?.memory ?? []
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    let estimate = await denoise(x, sigma)
    const output = toPrediction(predictionType, estimate, x, sigma)
    const isLast = step === sigmas.length - 2
    if (outputs.length > 0) {
      estimate = toDenoised(predictionType, extrapolated(output, outputs), x, sigma)
    } else if (!isLast && !isNoiseAlone(sigma)) {
      const predicted = lerp(x, estimate, sigmaNext / sigma)
      const next = toPrediction(predictionType, await denoise(predicted, sigmaNext), predicted, sigmaNext)
      estimate = toDenoised(predictionType, lerp(output, next, 1 / 2), x, sigma)
    }
    x = lerp(x, estimate, sigmaNext / sigma)
    outputs = [output, ...outputs].slice(0, 3)
    yield { step: step + 1, sigma: sigmaNext, x, denoised: estimate, memory: outputs }
  }
}

function extrapolated(newest: Tensor, older: readonly Tensor[]): Tensor {
  const [own = NaN, ...weights] = WEIGHTS[older.length] ?? []
  return weightedSum([own, newest], ...older.map((output, i) => [weights[i] ?? NaN, output] as const))
}
