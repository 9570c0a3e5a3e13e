import type { PredictionType } from '../contract/generation.ts'
import { scaled, weightedSum } from '../tensor/arithmetic.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Denoise } from './sampler.ts'

/** Where a run is: `step` steps of `steps` are finished. */
export interface Moment {
  readonly step: number
  readonly steps: number
}

/** The network's raw output for an input of unit variance [n, c, h, w] at a training timestep. */
export type Predict = (scaledX: Tensor, timestep: number, moment: Moment) => Promise<Tensor>

/** The same at one moment. */
export type PredictNow = (scaledX: Tensor, timestep: number) => Promise<Tensor>

/**
 * A network trained in the variance-preserving scale, x / sqrt(1 + sigma^2), as an estimator of the clean latent behind
 * x = x0 + sigma * n. Karras et al. 2022 (arXiv 2206.00364), table 1 (VP) for epsilon; Salimans & Ho 2022 (arXiv
 * 2202.00512) for v.
 * @param timestepAt the timestep the network is told at a level
 */
export function denoiser(
  predict: PredictNow,
  predictionType: PredictionType,
  timestepAt: (sigma: number) => number,
): Denoise {
  return async (x, sigma) => {
    const prediction = await predict(dataScaled(x, sigma), timestepAt(sigma))
    return toDenoised(predictionType, prediction, x, sigma)
  }
}

/** The clean latent that a prediction at `x` = x0 + sigma * n stands for. */
export function toDenoised(predictionType: PredictionType, prediction: Tensor, x: Tensor, sigma: number): Tensor {
  switch (predictionType) {
    case 'epsilon':
      return weightedSum([1, x], [-sigma, prediction])
    case 'v': {
      const variance = 1 + sigma ** 2
      return weightedSum([1 / variance, x], [-sigma / Math.sqrt(variance), prediction])
    }
    case 'sample':
      return prediction
  }
}

/** What a network would have to give at `x` = x0 + sigma * n for this clean latent: the inverse of `toDenoised`. */
export function toPrediction(predictionType: PredictionType, denoised: Tensor, x: Tensor, sigma: number): Tensor {
  switch (predictionType) {
    case 'epsilon':
      return weightedSum([1 / sigma, x], [-1 / sigma, denoised])
    case 'v': {
      const deviation = Math.hypot(1, sigma)
      return weightedSum([1 / (sigma * deviation), x], [-deviation / sigma, denoised])
    }
    case 'sample':
      return denoised
  }
}

/** x0 + sigma * n brought to the variance-preserving scale of the data, which networks see and files hold. */
export function dataScaled(x: Tensor, sigma: number): Tensor {
  return scaled(x, 1 / Math.hypot(1, sigma))
}
