import { ramp } from './schedule.ts'
import type { RangeSchedule } from './schedule.ts'

/** The continuous variance-preserving process of Song et al. 2021 (arXiv 2011.13456), from t = 1 to `tMin`, whatever the table's ends. */
export function variancePreserving(betaD = 19.9, betaMin = 0.1, tMin = 1e-3): RangeSchedule {
  return (count) => ramp(1, tMin, count).map((t) => Math.sqrt(Math.expm1((betaD * t * t) / 2 + betaMin * t)))
}
