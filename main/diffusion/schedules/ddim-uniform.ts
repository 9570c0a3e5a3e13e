import type { ModelLevels } from './schedule.ts'

/**
 * Every so many levels of the table, counted up from its second, as DDIM took them on Stable Diffusion; leading spacing with
 * an offset of 1, whatever the model's own is. A single step starts from pure noise.
 */
export function ddimUniform(count: number, _sigmaMin: number, _sigmaMax: number, { table }: ModelLevels): number[] {
  const last = table.sigmas.length - 1
  const stride = Math.floor(table.sigmas.length / count)
  const timestep = (i: number) => (count === 1 ? last : Math.min(1 + i * stride, last))
  return Array.from({ length: count }, (_, i) => table.sigmas[timestep(count - 1 - i)] ?? NaN)
}
