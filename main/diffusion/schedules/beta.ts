import { roundHalfToEven } from '../timesteps.ts'
import { inverseIncompleteBeta } from './incomplete-beta.ts'
import type { ModelLevels } from './schedule.ts'

/**
 * Timesteps at the quantiles of a beta distribution, more of them at both ends. Lee et al. 2024 (arXiv 2407.12173), with the
 * shape 0.6 and the rounding to whole timesteps that ComfyUI has; fractional where two would round to one.
 */
export function beta(count: number, _sigmaMin: number, _sigmaMax: number, { table }: ModelLevels): number[] {
  const last = table.sigmas.length - 1
  const timesteps = Array.from({ length: count }, (_, i) => last * inverseIncompleteBeta(1 - i / count, 0.6, 0.6))
  const whole = timesteps.map(roundHalfToEven)
  return (new Set(whole).size === count ? whole : timesteps).map(table.tToSigma)
}
