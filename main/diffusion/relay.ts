import { denoisingLoop } from './loop.ts'
import type { LoopOptions, SamplingState, StepRecord } from './loop.ts'

/** A second network that takes over in the middle of a run. */
export interface Relay {
  /** Steps that the first network has made by then. */
  readonly step: number
  /** Asked once, when it comes to that. */
  readonly next: () => Promise<Pick<LoopOptions, 'predict' | 'predictionType'>>
}

/**
 * A run of one plan by two networks of one latent space, one after the other: the second goes on with the latent, the noise
 * and what the sampler remembers. Podell et al. 2023 (arXiv 2307.01952), section 2.5, as Stability's refiner is used.
 * @yields after each step, as `denoisingLoop`
 */
export async function* relayed(options: LoopOptions, relay: Relay | null): AsyncGenerator<StepRecord, void, void> {
  let state: SamplingState | null = options.resume ?? null
  const end = relay?.step ?? options.plan.steps
  if ((state?.step ?? 0) < end) {
    for await (const record of denoisingLoop(options)) {
      state = record.state
      yield record
      if (relay && record.step >= end) break
    }
  }
  if (!relay || (state?.step ?? 0) >= options.plan.steps) return
  yield* denoisingLoop({ ...options, ...(await relay.next()), ...(state ? { resume: state } : {}) })
}
