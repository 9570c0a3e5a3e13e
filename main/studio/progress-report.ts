import type { Progress, Stage } from '../contract/job.ts'

/** Progress with what stays the same filled in. */
export class ProgressReport {
  steps = 0
  readonly #tell: (progress: Progress) => void
  #last: Progress = { stage: 'loading', step: 0, steps: 0, loaded: 0, secondsLeft: null }

  constructor(tell: (progress: Progress) => void) {
    this.#tell = tell
  }

  /** The share of the weights that has been read; in between, where a stage needs them only then. */
  tellReading(loaded: number): void {
    if (this.#last.stage === 'loading') this.report('loading', { loaded })
    else this.#tell(loaded < 1 ? { ...this.#last, stage: 'loading', loaded } : this.#last)
  }

  report(stage: Stage, change: Partial<Progress> = {}): void {
    const loaded = stage === 'loading' ? this.#last.loaded : 1
    this.#last = { ...this.#last, loaded, ...change, stage, steps: this.steps }
    this.#tell(this.#last)
  }
}
