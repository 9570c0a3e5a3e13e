import { ramp } from './schedule.ts'
import type { RangeSchedule } from './schedule.ts'

/** A power of the even spacing in log sigma: rho above 1 spends more steps at low levels, 1 is exponential. After k-diffusion. */
export function polyexponential(rho: number): RangeSchedule {
  return (count, sigmaMin, sigmaMax) => {
    const low = Math.log(sigmaMin)
    const high = Math.log(sigmaMax)
    return ramp(1, 0, count).map((share) => Math.exp(share ** rho * (high - low) + low))
  }
}
