import { expect, test } from 'vitest'
import { SAMPLER_IDS, SCHEDULE_IDS } from './generation.ts'
import { heededOptions, LEVEL_CONVENTIONS, LevelOptions, scheduleProblem } from './sampling.ts'

test('every sampler has a schedule to go with on every family, the model’s own', () => {
  for (const sampler of SAMPLER_IDS) {
    for (const family of ['sd1', 'sdxl', 'ldm']) expect(scheduleProblem('normal', sampler, family)).toBeNull()
  }
})

test('a combination that makes no sense says why', () => {
  expect(scheduleProblem('karras', 'plms', 'sd1')).toBe('This sampler was derived for timesteps of equal length.')
  expect(scheduleProblem('ays-sdxl', 'euler', 'sd1')).toBe('Its levels were measured on Stable Diffusion XL.')
  const reasons = SCHEDULE_IDS.map((schedule) => scheduleProblem(schedule, 'dpm-adaptive', 'sd1'))
  expect(reasons.filter((reason) => reason === null)).toHaveLength(2)
})

test('the conventions are options that a request may hold', () => {
  for (const convention of Object.values(LEVEL_CONVENTIONS)) expect(LevelOptions.parse(convention)).toEqual(convention)
})

test('options that a sampler does not heed are left out; those of levels are every sampler’s', () => {
  const sampling = { eta: 0.5, churn: { amount: 2 }, levels: LEVEL_CONVENTIONS.compvis }
  expect(heededOptions(sampling, 'euler')).toEqual({ churn: sampling.churn, levels: sampling.levels })
  expect(heededOptions({ eta: 0.5 }, 'lms')).toBeUndefined()
})
