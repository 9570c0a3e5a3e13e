import { readSafetensors, readTensor } from '../../../main/checkpoint/safetensors.ts'
import type { Tensor } from '../../../main/tensor/tensor.ts'
import type { Outcome } from '../case.ts'

/** What one comparison allows: the larger of an absolute error and one relative to the expected value. */
export interface Allowance {
  readonly absolute: number
  readonly relative: number
}

export const LATENT: Allowance = { absolute: 1e-4, relative: 1e-4 }
export const SIGMA: Allowance = { absolute: 1e-12, relative: 1e-5 }
export const TIMESTEP: Allowance = { absolute: 1e-2, relative: 0 }

/** Comparisons of different allowances are shown as one error, each scaled to this. */
const TOLERANCE = 1e-4

/** The arrays of a reference file under a run's key. */
export type Reference = (name: string) => Promise<ArrayLike<number> | null>

export function reference(path: string, key: string): Reference {
  const index = readSafetensors(path)
  return async (name) => {
    const entry = (await index).entries.get(`${key}.${name}`)
    return entry ? (await readTensor(entry)).data : null
  }
}

/** The largest error as a share of what is allowed there; infinite when the lengths differ. */
export function excess(found: readonly number[], expected: ArrayLike<number> | null, allowed: Allowance): number {
  if (expected === null || found.length !== expected.length) return Infinity
  return found.reduce((worst, value, i) => {
    const target = expected[i] ?? NaN
    const share = Math.abs(value - target) / Math.max(allowed.absolute, allowed.relative * Math.abs(target))
    return share <= worst ? worst : Number.isNaN(share) ? Infinity : share
  }, 0)
}

/** A float32 sum's rounding, relative to the largest term. */
const ROUNDING = 2 ** -23

/**
 * The same for the latents of a run, one row a level. The originals subtract latents of the earlier level in float32, so a
 * row is only as good as the rounding of the row before it; that error then shrinks as the latent does.
 */
export function latentExcess(rows: readonly Tensor[], expected: ArrayLike<number> | null): number {
  const size = rows[0]?.data.length ?? 0
  if (expected === null || expected.length !== size * rows.length) return Infinity
  let rounding = 0
  let magnitudeBefore = 0
  const excesses = rows.map(({ data }, row) => {
    const target = Array.from({ length: size }, (_, i) => expected[row * size + i] ?? NaN)
    const magnitude = Math.max(...target.map(Math.abs))
    if (row > 0) rounding = (rounding * magnitude) / magnitudeBefore + ROUNDING * magnitudeBefore
    magnitudeBefore = magnitude
    return excess([...data], target, { ...LATENT, absolute: LATENT.absolute + rounding })
  })
  return Math.max(...excesses)
}

export function outcome(...excesses: number[]): Outcome {
  return { error: TOLERANCE * Math.max(...excesses), tolerance: TOLERANCE }
}
