import type { NoiseTable } from '../noise-table.ts'

/** What a model says of its levels. */
export interface ModelLevels {
  /** Those of the model's own timesteps, highest first, as many as there are steps. */
  readonly own: readonly number[]
  readonly table: Pick<NoiseTable, 'sigmas' | 'tToSigma'>
}

/**
 * Chooses the noise levels of `count` steps, highest first, without the final one.
 * @param sigmaMin lowest level, the start of the last step
 * @param sigmaMax highest level, the start of the first
 */
export type RangeSchedule = (count: number, sigmaMin: number, sigmaMax: number) => number[]

/** The same for a schedule that may choose from the model's levels instead of between two. */
export type Schedule = (count: number, sigmaMin: number, sigmaMax: number, model: ModelLevels) => readonly number[]

/** `count` values from `first` to `last`, both met exactly where `count` is at least 2. */
export function ramp(first: number, last: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + (i / Math.max(count - 1, 1)) * (last - first))
}
