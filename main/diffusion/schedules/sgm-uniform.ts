import { ramp } from './schedule.ts'
import type { ModelLevels } from './schedule.ts'

/** Evenly spaced timesteps from the last to one step above the first. After Stability's generative-models. */
export function sgmUniform(count: number, _sigmaMin: number, _sigmaMax: number, { table }: ModelLevels): number[] {
  return ramp(table.sigmas.length - 1, 0, count + 1)
    .slice(0, count)
    .map(table.tToSigma)
}
