import { ramp } from './schedule.ts'
import type { RangeSchedule } from './schedule.ts'

/** Evenly spaced in sigma^(1/rho). Karras et al. 2022 (arXiv 2206.00364), equation 5. */
export function karras(rho = 7): RangeSchedule {
  return (count, sigmaMin, sigmaMax) =>
    ramp(sigmaMax ** (1 / rho), sigmaMin ** (1 / rho), count).map((root) => root ** rho)
}
