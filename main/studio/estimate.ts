/**
 * Seconds left of a run, from what its own steps took: the median of the last steps, so that one slow step
 * (a page fault, another program) does not swing the number.
 */
export class StepClock {
  readonly #durationsMs: number[] = []
  #lastMs: number

  constructor(nowMs: number) {
    this.#lastMs = nowMs
  }

  /** Notes that a step ended now. */
  tick(nowMs: number): void {
    this.#durationsMs.push(nowMs - this.#lastMs)
    this.#lastMs = nowMs
  }

  /** Seconds for `steps` more, or null before the first step ended. The first step is left out once there are others: it warms the caches. */
  secondsFor(steps: number): number | null {
    const usable = this.#durationsMs.length > 1 ? this.#durationsMs.slice(1) : this.#durationsMs
    const recent = usable.slice(-8).sort((a, b) => a - b)
    const median = recent[Math.floor(recent.length / 2)]
    return median === undefined ? null : (median * steps) / 1000
  }
}
