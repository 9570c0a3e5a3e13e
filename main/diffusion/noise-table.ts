import { StudioError } from '../contract/failure.ts'
import { cumulativeAlphas, rescaleZeroTerminalSnr, trainingBetas } from './betas.ts'
import type { BetaConfig } from './betas.ts'

/** The forward process a model was trained with, in the names of diffusers' scheduler_config.json. */
export interface NoiseConfig extends BetaConfig {
  readonly rescaleZeroSnr: boolean
}

/** The noise levels a model was trained at, lowest first. Sigmas are those of x = x0 + sigma * n. */
export interface NoiseTable {
  readonly trainTimesteps: number
  readonly alphasCumprod: readonly number[]
  readonly sigmas: readonly number[]
  /** The level of a fractional timestep, between its neighbours in log sigma; outside the table the nearest end. */
  readonly tToSigma: (t: number) => number
  /** The same, between its neighbours in sigma itself. */
  readonly tToSigmaLinear: (t: number) => number
  /** The fractional timestep of a level, the inverse of `tToSigma`; outside the table the nearest end. */
  readonly sigmaToT: (sigma: number) => number
}

/** Where a table rescaled to zero terminal SNR ends: 2^-24, sigma 4096, which float16 can still tell from 0. */
const TERMINAL_ALPHA_CUMPROD = 2 ** -24

/**
 * The table of a model's training levels.
 * @param terminalAlphaCumprod stands for the zero at the end of a table with zero terminal SNR, whose sigma is infinite
 * @throws StudioError checkpoint-unsupported when the betas describe no such process
 */
export function noiseTable(config: NoiseConfig, terminalAlphaCumprod = TERMINAL_ALPHA_CUMPROD): NoiseTable {
  const betas = trainingBetas(config)
  const alphasCumprod = cumulativeAlphas(config.rescaleZeroSnr ? rescaleZeroTerminalSnr(betas) : betas)
  if (config.rescaleZeroSnr) alphasCumprod[alphasCumprod.length - 1] = terminalAlphaCumprod
  const sigmas = alphasCumprod.map((alphaCumprod) => Math.sqrt((1 - alphaCumprod) / alphaCumprod))
  checkRising(sigmas)
  const logSigmas = sigmas.map((sigma) => Math.log(sigma))
  return {
    trainTimesteps: sigmas.length,
    alphasCumprod,
    sigmas,
    tToSigma: (t) => Math.exp(interpolate(logSigmas, t)),
    tToSigmaLinear: (t) => interpolate(sigmas, t),
    sigmaToT: (sigma) => locate(logSigmas, Math.log(sigma)),
  }
}

function checkRising(sigmas: readonly number[]): void {
  const wrong = sigmas.findIndex((sigma, i) => !(sigma > (sigmas[i - 1] ?? 0) && sigma < Infinity))
  if (wrong >= 0 || sigmas.length < 2) {
    const found = `sigma ${sigmas[wrong] ?? NaN} at timestep ${wrong} of ${sigmas.length}`
    throw new StudioError(
      'checkpoint-unsupported',
      `the scheduler's betas: expected rising noise levels, found ${found}`,
    )
  }
}

/** The value at a fractional index. */
function interpolate(values: readonly number[], index: number): number {
  const bounded = Math.min(Math.max(index, 0), values.length - 1)
  const low = Math.min(Math.floor(bounded), values.length - 2)
  const share = bounded - low
  const [a = NaN, b = NaN] = values.slice(low, low + 2)
  return share === 0 ? a : (1 - share) * a + share * b
}

/** The fractional index of a value in a rising list. */
function locate(values: readonly number[], value: number): number {
  let low = 0
  let high = values.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((values[middle] ?? NaN) <= value) low = middle
    else high = middle
  }
  const [a = NaN, b = NaN] = values.slice(low, low + 2)
  return low + Math.min(Math.max((value - a) / (b - a), 0), 1)
}
