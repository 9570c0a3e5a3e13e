import { ramp } from './schedule.ts'

/** Evenly spaced in log sigma, which is uniform in lambda, the half log SNR of DPM-Solver (arXiv 2206.00927). */
export function exponential(count: number, sigmaMin: number, sigmaMax: number): number[] {
  return ramp(Math.log(sigmaMax), Math.log(sigmaMin), count).map(Math.exp)
}
