import type { SpacingRules } from './timesteps.ts'

/**
 * How noise levels are chosen from a model's table. The originals differ in each of these, so a picture can be made as
 * any of them makes it; README.md beside this says which is which.
 */
export interface LevelRules {
  /** Null takes the model's own. */
  readonly spacing: SpacingRules['spacing'] | null
  /** Null takes the model's own. */
  readonly stepsOffset: number | null
  /** Leading and linspace spread over one timestep more than there are steps. */
  readonly hasExtraPoint: boolean
  /** The network is given whole timesteps. */
  readonly hasWholeTimesteps: boolean
  /** Between two timesteps of the table, sigma itself or its logarithm is interpolated. */
  readonly interpolation: 'linear' | 'log'
  /** A schedule other than normal runs between the ends of the table, or of the model's own spaced timesteps. */
  readonly scheduleEnds: 'table' | 'own-timesteps'
  /** Such a schedule starts no higher than this. */
  readonly sigmaLimit: number
  /**
   * The result is clean, or at the lowest level of the table; `own-table` is the latter on the model's own timesteps and
   * clean on others; null takes the model's own way, and clean off its timesteps.
   */
  readonly finalLevel: 'clean' | 'table' | 'own-table' | null
  /** Text-to-image starts at sigma * n, at sqrt(1 + sigma^2) * n, or at the former unless the spacing is leading. */
  readonly initialNoise: 'sigma' | 'unit-variance' | 'by-spacing'
  /** Stands for the zero at the end of a table with zero terminal SNR. */
  readonly terminalAlphaCumprod: number
}

/** Half log SNR -5.1, where the authors of DPM-Solver cut the cosine table, whose own end is at sigma 20,000. */
export const SIGMA_LIMIT = Math.exp(5.1)

/** As diffusers' DDIM and DDPM: whole timesteps, the model's final level, a terminal level that is zero but for float32. */
export const wholeTimesteps: LevelRules = {
  spacing: null,
  stepsOffset: null,
  hasExtraPoint: false,
  hasWholeTimesteps: true,
  interpolation: 'linear',
  scheduleEnds: 'table',
  sigmaLimit: SIGMA_LIMIT,
  finalLevel: null,
  initialNoise: 'unit-variance',
  terminalAlphaCumprod: 2 ** -60,
}

/** As diffusers' Euler and its kin: fractional timesteps, a clean result. */
export const fractionalTimesteps: LevelRules = {
  ...wholeTimesteps,
  hasWholeTimesteps: false,
  finalLevel: 'clean',
  initialNoise: 'by-spacing',
  terminalAlphaCumprod: 2 ** -24,
}

/** As diffusers' multistep solvers: whole timesteps out of one more than there are steps, a clean result. */
export const multistepTimesteps: LevelRules = {
  ...wholeTimesteps,
  hasExtraPoint: true,
  finalLevel: 'clean',
  terminalAlphaCumprod: 2 ** -24,
}

/** As k-diffusion between the ends of its table: fractional timesteps, a start at sigma * n, a clean result. */
export const kDiffusionTimesteps: LevelRules = {
  ...fractionalTimesteps,
  spacing: 'linspace',
  interpolation: 'log',
  initialNoise: 'sigma',
}

/** As diffusers' schedulers of models distilled to few steps: timesteps out of those the distillation had. */
export const distilledTimesteps: LevelRules = { ...wholeTimesteps, spacing: 'distilled' }
