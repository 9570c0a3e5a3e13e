import { StudioError } from '../contract/failure.ts'
import type { PredictionType, SamplerId } from '../contract/generation.ts'
import { isSameShape, scaled, weightedSum } from '../tensor/arithmetic.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { dataScaled, denoiser } from './denoise.ts'
import type { Predict } from './denoise.ts'
import type { SamplingPlan } from './plan.ts'
import type { NoiseSource, SamplerOptions, SamplerProgress } from './sampler.ts'
import { samplers } from './samplers/index.ts'

/** All that a run needs to go on to the same bytes, besides the request that made its plan; made of plain data only. */
export interface SamplingState extends SamplerProgress {
  /** x0 + sigma * n at plan.sigmas[step] */
  readonly x: Tensor
}

/** After a step. */
export interface StepRecord {
  /** Finished steps, of `steps`. */
  readonly step: number
  readonly steps: number
  /** The level reached. */
  readonly sigma: number
  /** The clean latent that was expected before the step. */
  readonly denoised: Tensor
  /** [n, c, h, w] in the scale of the data; after the last step it is the result, ready for the autoencoder. */
  readonly latent: Tensor
  readonly state: SamplingState
}

export interface LoopOptions extends Pick<SamplerOptions, 'eta' | 'churn'> {
  readonly sampler: SamplerId
  readonly plan: SamplingPlan
  readonly predict: Predict
  readonly predictionType: PredictionType
  /** What the sampler's own noise is multiplied by; s_noise. */
  readonly noiseScale?: number
  /** Draw 0 is the initial latent's, draw k + 1 the sampler's draw k; all in the latent's shape. */
  readonly noise: NoiseSource
  /** The latent of an input picture, in the scale of the data. */
  readonly clean?: Tensor
  /** [1, 1, h, w]: 1 repaints, 0 keeps the input picture; only with `clean`. */
  readonly mask?: Tensor
  /** What is repainted starts from noise alone, not from noise on the input picture; only with `mask`. */
  readonly isFilledWithNoise?: boolean
  /** A record's state to go on after. */
  readonly resume?: SamplingState
}

/**
 * Runs a plan from noise, or from a noised picture, to a latent.
 * @yields after each step
 * @throws StudioError invalid-request when the input picture or the state to resume does not fit the run
 */
export async function* denoisingLoop(options: LoopOptions): AsyncGenerator<StepRecord, void, void> {
  const { plan, noise, resume, clean, mask, noiseScale = 1 } = options
  const { sample } = samplers[options.sampler]
  const start = resume ? resumable(resume, plan) : { x: initialLatent(options), step: 0, memory: [] }
  let moment = { step: start.step, steps: plan.steps }
  const denoise = denoiser((x, t) => options.predict(x, t, moment), options.predictionType, plan.timestepAt)
  const repaint = (x: Tensor) => (clean && mask ? masked(x, clean, mask) : x)
  const steps = sample(async (x, sigma) => repaint(await denoise(x, sigma)), start.x, plan.sigmas, {
    noise: (draw, between) => {
      const drawn = noise(draw + 1, between)
      return noiseScale === 1 ? drawn : scaled(drawn, noiseScale)
    },
    from: start,
    predictionType: options.predictionType,
    levelBetween: plan.levelBetween,
    ...(options.eta === undefined ? {} : { eta: options.eta }),
    ...(options.churn === undefined ? {} : { churn: options.churn }),
  })
  for await (const { step, sigma, x, denoised, memory } of steps) {
    moment = { step, steps: plan.steps }
    const latent = dataScaled(x, sigma)
    const isLast = step === plan.steps
    // Where the last level is not 0 its noise would stay in what is kept.
    yield {
      step,
      steps: plan.steps,
      sigma,
      denoised,
      latent: isLast ? repaint(latent) : latent,
      state: { step, x, memory },
    }
  }
}

/**
 * `x` where the mask is 1, the input picture where it is 0. Given as the estimate of the clean latent, it keeps the noisy
 * latent on the input picture's own path from its noise to it.
 */
export function masked(x: Tensor, clean: Tensor, mask: Tensor): Tensor {
  const cells = mask.data.length
  return tensor(
    x.shape,
    x.data.map((value, i) => {
      const share = mask.data[i % cells] ?? 1
      return share * value + (1 - share) * (clean.data[i] ?? 0)
    }),
  )
}

/** Noise at the first level, on top of the input picture where there is one and it is not to be filled with noise. */
function initialLatent({ plan, noise, clean, mask, isFilledWithNoise = false }: LoopOptions): Tensor {
  const initial = noise(0)
  if (!clean) return scaled(initial, plan.initialScale)
  if (!isSameShape(clean.shape, initial.shape)) {
    const found = `expected an input latent of shape [${initial.shape.join(', ')}], found [${clean.shape.join(', ')}]`
    throw new StudioError('invalid-request', found)
  }
  const [sigma = 0] = plan.sigmas
  const noised = weightedSum([1, clean], [sigma, initial])
  if (!mask || !isFilledWithNoise) return noised
  // Of the variance that a picture would have at this level; at the first of all, what a run without a picture has.
  return masked(scaled(initial, Math.min(plan.initialScale, Math.hypot(1, sigma))), noised, mask)
}

function resumable(state: SamplingState, plan: SamplingPlan): SamplingState {
  if (Number.isInteger(state.step) && state.step >= 0 && state.step <= plan.steps) return state
  throw new StudioError('invalid-request', `expected a state after 0 to ${plan.steps} steps, found ${state.step}`)
}
