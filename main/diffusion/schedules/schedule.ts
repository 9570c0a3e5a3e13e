/**
 * Chooses the noise levels of `count` steps, highest first, without the final one.
 * @param sigmaMin lowest level, the start of the last step
 * @param sigmaMax highest level, the start of the first
 * @param own      the levels of the model's own timesteps, `count` of them
 */
export type Schedule = (count: number, sigmaMin: number, sigmaMax: number, own: readonly number[]) => readonly number[]

/** `count` values from `first` to `last`, both met exactly where `count` is at least 2. */
export function ramp(first: number, last: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + (i / Math.max(count - 1, 1)) * (last - first))
}
