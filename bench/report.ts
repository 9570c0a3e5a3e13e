export type Unit = 'ms' | 'GFLOP/s' | 'MB'

/** One line of a table: what was measured, and how it compares. */
export interface Row {
  /** Spaces in front mark a part of the line above. */
  readonly label: string
  readonly unit: Unit
  readonly samples: readonly number[]
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
}

/** Takes the measurement; children do the work, so that one leaves nothing behind for the next. */
export type Measurement = (options: BenchOptions) => Promise<Report | readonly Report[]>
