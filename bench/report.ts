export type Unit = 'ms' | 'GFLOP/s' | 'MB' | '%' | 'dB' | ''

/** One line of a table: what was measured, and how it compares. */
export interface Row {
  /** Spaces in front mark a part of the line above. */
  readonly label: string
  readonly unit: Unit
  readonly samples: readonly number[]
  /** Of how many the only sample is a share. */
  readonly of?: number
  readonly ratio?: { readonly samples: readonly number[]; readonly to: string }
}

/** One measurement's table. */
export interface Report {
  readonly title: string
  readonly rows: readonly Row[]
  /** Sentences below the table: what was held fixed, what to know. */
  readonly notes?: readonly string[]
}

export interface BenchOptions {
  readonly repeats: number
  /** Null lets the runtime choose: one a physical core. */
  readonly threads: number | null
  readonly starter: StarterOptions
}

/** How much the built-in model is asked. */
interface StarterOptions {
  readonly nouns: number
  /** Pictures of each prompt. */
  readonly seeds: number
  /** Another model of the same words instead. */
  readonly modelFolder?: string
}

/** Takes the measurement; children do the work, so that one leaves nothing behind for the next. */
export type Measurement = (options: BenchOptions) => Promise<Report | readonly Report[]>
