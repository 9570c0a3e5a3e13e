/** How a model's own scheduler spaces timesteps. */
export type TimestepSpacing = 'leading' | 'trailing' | 'linspace'

/** Steps that consistency models are distilled with. */
const DISTILLED_STEPS = 50

export interface SpacingRules {
  readonly spacing: TimestepSpacing | 'distilled'
  /** Added to each timestep of leading spacing; Stable Diffusion has 1. */
  readonly stepsOffset: number
  /** Leading and linspace spread one timestep more than asked for and drop the lowest, as diffusers' multistep classes do. */
  readonly hasExtraPoint: boolean
  /** Linspace gives whole timesteps. */
  readonly isRounded: boolean
}

/**
 * The training timesteps that `count` steps visit, highest first: Lin et al. 2023 (arXiv 2305.08891), table 2, in the
 * arithmetic of diffusers. A single step starts at the last timestep whatever the spacing, because a start from pure
 * noise is what it is for.
 */
export function spacedTimesteps(rules: SpacingRules, trainTimesteps: number, count: number): number[] {
  const last = trainTimesteps - 1
  if (count === 1) return [last]
  const points = rules.hasExtraPoint ? count + 1 : count
  switch (rules.spacing) {
    case 'leading': {
      const stride = Math.floor(trainTimesteps / points)
      return descending(points, count, (i) => Math.min(i * stride + rules.stepsOffset, last))
    }
    case 'linspace': {
      const stride = last / (points - 1)
      return descending(points, count, (i) =>
        rules.isRounded ? roundHalfToEven(i * stride) : Math.min(i * stride, last),
      )
    }
    case 'trailing': {
      // numpy's arange: the stride is the difference of its first two values.
      const stride = trainTimesteps - (trainTimesteps - trainTimesteps / count)
      return Array.from({ length: count }, (_, i) => roundHalfToEven(trainTimesteps - i * stride) - 1)
    }
    case 'distilled': {
      const distilled = Math.max(Math.min(DISTILLED_STEPS, trainTimesteps), count)
      const stride = Math.floor(trainTimesteps / distilled)
      return Array.from({ length: count }, (_, i) => (distilled - Math.floor((i * distilled) / count)) * stride - 1)
    }
  }
}

/** The upper `count` of `points` values, highest first. */
function descending(points: number, count: number, value: (i: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => value(points - 1 - i))
}

/** As numpy rounds. */
export function roundHalfToEven(value: number): number {
  const rounded = Math.round(value)
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}
