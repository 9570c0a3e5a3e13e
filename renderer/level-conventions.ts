import { LEVEL_CONVENTIONS, type LevelOptions } from '../main/contract/sampling.ts'
import type { ConventionId } from './option-names.ts'

/** Whose way these options are: the sampler's own where there are none, undefined where they are nobody's. */
export function conventionOf(levels: LevelOptions): ConventionId | 'own' | undefined {
  const told = given(levels)
  if (told.length === 0) return 'own'
  const all = Object.entries(LEVEL_CONVENTIONS) as [ConventionId, LevelOptions][]
  return all.find(([, convention]) => isSame(told, given(convention)))?.[0]
}

type Told = readonly (readonly [string, unknown])[]

function given(levels: LevelOptions): Told {
  return Object.entries(levels).filter(([, value]) => value !== undefined)
}

function isSame(one: Told, other: Told): boolean {
  const values = new Map(other)
  return one.length === other.length && one.every(([name, value]) => values.get(name) === value)
}
