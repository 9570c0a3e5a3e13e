import { StudioError } from '../contract/failure.ts'

export interface BetaConfig {
  readonly trainTimesteps: number
  readonly betaSchedule: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2'
  readonly betaStart: number
  readonly betaEnd: number
  /** Given, these stand instead of the schedule. */
  readonly trainedBetas: readonly number[] | null
}

/** No beta of the cosine schedule is larger. */
const MAX_BETA = 0.999

/**
 * The variance added at each training timestep, in float32 as training code has it.
 * @throws StudioError checkpoint-unsupported when there are not `trainTimesteps` of them
 */
export function trainingBetas(config: BetaConfig): number[] {
  const { trainTimesteps: count, betaStart, betaEnd, trainedBetas } = config
  if (trainedBetas !== null) {
    if (trainedBetas.length !== count) {
      const found = `expected ${count} trained betas, one a timestep, found ${trainedBetas.length}`
      throw new StudioError('checkpoint-unsupported', `the scheduler's trained_betas: ${found}`)
    }
    return trainedBetas.map(Math.fround)
  }
  switch (config.betaSchedule) {
    case 'linear':
      return linspace(betaStart, betaEnd, count)
    case 'scaled_linear':
      return linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), count).map((root) => Math.fround(root * root))
    case 'squaredcos_cap_v2':
      return Array.from({ length: count }, (_, t) => {
        const beta = 1 - cosineAlphaCumprod((t + 1) / count) / cosineAlphaCumprod(t / count)
        return Math.fround(Math.min(beta, MAX_BETA))
      })
  }
}

/** The running product of 1 - beta as training code keeps it: factors and products in float32, accumulated in float64. */
export function cumulativeAlphas(betas: readonly number[]): number[] {
  let product = 1
  return betas.map((beta) => {
    product *= Math.fround(1 - beta)
    return Math.fround(product)
  })
}

/**
 * The betas moved so that the last timestep keeps nothing of the picture, while the first stays as it was.
 * Lin et al. 2023 (arXiv 2305.08891), Algorithm 1, in float32 as diffusers has it.
 */
export function rescaleZeroTerminalSnr(betas: readonly number[]): number[] {
  const roots = cumulativeAlphas(betas).map((alphaCumprod) => Math.fround(Math.sqrt(alphaCumprod)))
  const first = roots[0] ?? NaN
  const last = roots.at(-1) ?? NaN
  const scale = Math.fround(first / Math.fround(first - last))
  const alphasCumprod = roots.map((root) => {
    const rescaled = Math.fround(Math.fround(root - last) * scale)
    return Math.fround(rescaled * rescaled)
  })
  return alphasCumprod.map((value, t) => Math.fround(1 - Math.fround(value / (alphasCumprod[t - 1] ?? 1))))
}

/** Nichol & Dhariwal 2021 (arXiv 2102.09672), equation 17, `progress` from 0 to 1. */
function cosineAlphaCumprod(progress: number): number {
  return Math.cos(((progress + 0.008) / 1.008) * (Math.PI / 2)) ** 2
}

/** Evenly spaced float32 values, counted from the nearer end. */
function linspace(start: number, end: number, count: number): number[] {
  const step = Math.fround((Math.fround(end) - Math.fround(start)) / Math.max(count - 1, 1))
  return Array.from({ length: count }, (_, i) =>
    Math.fround(i < count / 2 ? Math.fround(start) + step * i : Math.fround(end) - step * (count - 1 - i)),
  )
}
