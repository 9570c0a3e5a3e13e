import type { ModelLevels } from './schedule.ts'

/** Every so many levels of the table, counted from the highest. After ComfyUI's scheduler of that name. */
export function simple(count: number, _sigmaMin: number, _sigmaMax: number, { table }: ModelLevels): number[] {
  const last = table.sigmas.length - 1
  const stride = table.sigmas.length / count
  return Array.from({ length: count }, (_, i) => table.sigmas[last - Math.floor(i * stride)] ?? NaN)
}
