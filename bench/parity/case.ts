/** What a parity case found: the largest error against its tolerance, or why it could not be run. */
export type Outcome = { error: number; tolerance: number } | { skipped: string }

export interface ParityCase {
  readonly name: string
  run(): Promise<Outcome>
}

/** A kind of reference folder: finds the cases of a folder laid out like the fixtures, or null when it is of another kind. */
export type ParityKind = (folder: string) => Promise<ParityCase[] | null>

/** Largest absolute difference of two arrays; infinite when the lengths differ or a value is not a number. */
export function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity
  let largest = 0
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs((found[i] ?? NaN) - (expected[i] ?? NaN))
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference
  }
  return largest
}
