import type { GenerationRequest, GuidanceOptions } from '../../main/contract/generation.ts'
import type { LevelOptions, SamplingOptions } from '../../main/contract/sampling.ts'
import type { DraftFields } from './draft-fields.ts'

interface Fields {
  readonly fields: DraftFields
  change(patch: Partial<DraftFields>): void
}

type Variation = NonNullable<GenerationRequest['variation']>

/** What the draft's request holds beneath its optional fields; one that is emptied is gone, as if it had never been set. */
export class DraftOptions {
  readonly #draft: Fields

  constructor(draft: Fields) {
    this.#draft = draft
  }

  get sampling(): SamplingOptions {
    return this.#draft.fields.sampling ?? {}
  }

  get levels(): LevelOptions {
    return this.sampling.levels ?? {}
  }

  get guidance(): GuidanceOptions {
    return this.#draft.fields.guidance ?? {}
  }

  changeSampling(patch: Partial<SamplingOptions>): void {
    this.#draft.change({ sampling: changed(this.#draft.fields.sampling, patch) })
  }

  /** Without an amount there is no churn, and no range for it. */
  changeChurn(patch: Partial<NonNullable<SamplingOptions['churn']>>): void {
    const churn = { amount: 0, ...changed(this.sampling.churn, patch) }
    this.changeSampling({ churn: churn.amount === 0 ? undefined : churn })
  }

  changeLevels(patch: Partial<LevelOptions>): void {
    this.changeSampling({ levels: changed(this.sampling.levels, patch) })
  }

  changeGuidance(patch: Partial<GuidanceOptions>): void {
    this.#draft.change({ guidance: changed(this.#draft.fields.guidance, patch) })
  }

  /** Guidance over all of the steps is as it was without a span. */
  changeSpan({ start, end }: { start: number; end: number }): void {
    this.changeGuidance({ start: start === 0 ? undefined : start, end: end === 1 ? undefined : end })
  }

  changeVariation(patch: Partial<Variation>): void {
    const { variation } = this.#draft.fields
    if (variation) this.#draft.change({ variation: { ...variation, ...patch } })
  }
}

/** The value with the patch applied and without what is undefined; undefined where nothing is left. */
function changed<T extends object>(value: T | undefined, patch: Partial<T>): T | undefined {
  const kept = Object.entries({ ...value, ...patch }).filter(([, field]) => field !== undefined)
  return kept.length === 0 ? undefined : (Object.fromEntries(kept) as T)
}
