/** What a series of repeated measurements comes to. The median and the quartiles stay where they are when a few repeats were disturbed. */
export interface Summary {
  readonly count: number
  readonly median: number
  readonly lowerQuartile: number
  readonly upperQuartile: number
}

/** @throws RangeError for an empty series */
export function summarise(samples: readonly number[]): Summary {
  return {
    count: samples.length,
    median: quantile(samples, 0.5),
    lowerQuartile: quantile(samples, 0.25),
    upperQuartile: quantile(samples, 0.75),
  }
}

/**
 * Sample i of one series over sample i of another that was measured next to it: what slows both down for a while leaves
 * each ratio as it is.
 * @throws RangeError for series of different lengths
 */
export function pairedRatios(over: readonly number[], under: readonly number[]): number[] {
  if (over.length !== under.length) {
    throw new RangeError(`expected two series of one length, found ${over.length} and ${under.length} samples`)
  }
  return over.map((value, i) => value / (under[i] ?? NaN))
}

/** The value below which a share of the samples lies, linear between neighbours (Hyndman and Fan 1996, definition 7). */
function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const position = (sorted.length - 1) * share
  const below = sorted[Math.floor(position)]
  const above = sorted[Math.ceil(position)]
  if (below === undefined || above === undefined) throw new RangeError('expected at least one sample, found none')
  return below + (above - below) * (position - Math.floor(position))
}
