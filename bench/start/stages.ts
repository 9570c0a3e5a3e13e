import type { Stage } from '../../main/contract/job.ts'

const STAGES = ['loading', 'encoding', 'denoising', 'decoding', 'saving'] as const satisfies readonly Stage[]

/** Milliseconds that each stage of a run took. */
export type StageTimes = Record<Stage, number>

/** Notes when a run reaches its stages. */
export class StageClock {
  readonly #reachedMs: number[] = []

  /** Only the first time counts: a stage reports its progress again and again. */
  reach(stage: Stage, nowMs: number): void {
    this.#reachedMs[STAGES.indexOf(stage)] ??= nowMs
  }

  /** When the first stage began. */
  get startMs(): number {
    return this.#reachedMs[0] ?? NaN
  }

  /** @param endMs when the picture was there */
  times(endMs: number): StageTimes {
    const at = (i: number) => (i < STAGES.length ? (this.#reachedMs[i] ?? NaN) : endMs)
    return Object.fromEntries(STAGES.map((stage, i) => [stage, at(i + 1) - at(i)])) as StageTimes
  }
}
