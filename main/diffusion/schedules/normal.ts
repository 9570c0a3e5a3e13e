import type { ModelLevels } from './schedule.ts'

/** The model's own timesteps: what it was trained on and what its scheduler would visit. */
export function normal(_count: number, _sigmaMin: number, _sigmaMax: number, { own }: ModelLevels): readonly number[] {
  return own
}
