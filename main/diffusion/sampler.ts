import type { PredictionType } from '../contract/generation.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { LevelRules } from './level-rules.ts'

/** The clean latent that a network expects behind `x` = x0 + sigma * n; both [n, c, h, w]. */
export type Denoise = (x: Tensor, sigma: number) => Promise<Tensor>

/**
 * Standard normal noise in the shape of the latent, by its number: the same number is always the same noise. Samplers of
 * stochastic equations also name the levels that the noise lies between, so that a source may give the increment of one
 * Brownian path there instead, whatever the number.
 */
export type NoiseSource = (draw: number, between?: readonly [sigma: number, sigmaNext: number]) => Tensor

/** The level at a share of the way down from one level to another. */
export type LevelBetween = (sigma: number, sigmaNext: number, share: number) => number

/** Where a run stands besides its latent: what a sampler needs to go on after `step` finished steps. */
export interface SamplerProgress {
  readonly step: number
  /** What a multistep method keeps of earlier steps, newest first. */
  readonly memory: readonly Tensor[]
}

/** After a step: the latent `x` at level `sigma`, and the clean latent that was expected on the way there. */
export interface SamplerStep extends SamplerProgress {
  readonly sigma: number
  readonly x: Tensor
  readonly denoised: Tensor
}

export interface SamplerOptions {
  /** Draw k belongs to step k, counted from 0. */
  readonly noise: NoiseSource
  /** Goes on from here instead of the start; `x` is then the latent of that step. */
  readonly from?: SamplerProgress
  /** Share of the stochastic part where a sampler has one: 0 is none, 1 the full posterior. */
  readonly eta?: number
  /** Noise put in before each step, where a sampler can take it back out. */
  readonly churn?: Churn
  /** What the network gives, for methods that extrapolate its output as it is; epsilon where not given. */
  readonly predictionType?: PredictionType
  /** Counts the way in the model's timesteps, for methods that stop between two of them; in log sigma where not given. */
  readonly levelBetween?: LevelBetween
}

/** Karras et al. 2022 (arXiv 2206.00364), Algorithm 2. */
export interface Churn {
  /** S_churn: noise levels gained over the whole run, in steps. */
  readonly amount: number
  readonly sigmaMin?: number | undefined
  readonly sigmaMax?: number | undefined
  /** S_noise */
  readonly noiseScale?: number
}

/**
 * Walks a latent down the noise levels.
 * @param x      latent [n, c, h, w] at sigmas[0], or where `options.from` stands
 * @param sigmas not rising; the last is the level of the result, 0 for clean
 * @yields       after each step
 */
export type Sample = (
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  options: SamplerOptions,
) => AsyncGenerator<SamplerStep, void, void>

/** What the table of samplers holds of each. */
export interface Sampler {
  readonly sample: Sample
  /** How the original of that name chooses noise levels. */
  readonly rules: LevelRules
  /** Takes from the schedule where to start, where to end and how many calls of the network to make, and goes its own way. */
  readonly hasOwnLevels?: boolean
  /** Each picture is made in steps of its own, so a batch is refused. */
  readonly hasOwnPace?: boolean
}

interface Interval {
  /** Counted from 0. */
  readonly step: number
  readonly sigma: number
  readonly sigmaNext: number
}

/** The steps of a schedule that are still to go. */
export function* intervals(sigmas: readonly number[], from?: SamplerProgress): Generator<Interval, void, void> {
  for (const [step, sigma] of sigmas.entries()) {
    const sigmaNext = sigmas[step + 1]
    if (sigmaNext !== undefined && step >= (from?.step ?? 0)) yield { step, sigma, sigmaNext }
  }
}

/** A share of the way in log sigma; to level 0, in sigma. */
export const logBetween: LevelBetween = (sigma, sigmaNext, share) =>
  sigmaNext > 0 ? sigma * (sigmaNext / sigma) ** share : sigma * (1 - share)
