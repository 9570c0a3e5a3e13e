import { describe, expect, test } from 'vitest'
import { noiseTable } from '../noise-table.ts'
import { alignYourStepsSd1, alignYourStepsSdxl } from './align-your-steps.ts'
import { beta } from './beta.ts'
import { ddimUniform } from './ddim-uniform.ts'
import { exponential } from './exponential.ts'
import { schedules } from './index.ts'
import { karras } from './karras.ts'
import { polyexponential } from './polyexponential.ts'
import type { ModelLevels, RangeSchedule, Schedule } from './schedule.ts'
import { sgmUniform } from './sgm-uniform.ts'
import { simple } from './simple.ts'
import { variancePreserving } from './variance-preserving.ts'

const table = noiseTable({
  trainTimesteps: 1000,
  betaSchedule: 'scaled_linear',
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainedBetas: null,
  rescaleZeroSnr: false,
})
const [low = NaN, high = NaN] = [table.sigmas[0], table.sigmas.at(-1)]
/** Stable Diffusion's levels, its own timesteps in linspace. */
const model = (count: number): ModelLevels => ({
  own: Array.from({ length: count }, (_, i) =>
    table.tToSigma(count === 1 ? 999 : (999 * (count - 1 - i)) / (count - 1)),
  ),
  table,
})

// k-diffusion's get_sigmas_* between the ends of Stable Diffusion's table, 10 levels
test.each<[string, RangeSchedule, number[]]>([
  ['karras', karras(), [14.614643, 9.102934, 5.4783993, 3.1686094, 1.749422, 0.9140758]],
  ['karras with rho 5', karras(5), [14.614642, 9.681305, 6.180377, 3.774493, 2.1839733, 1.1814191]],
  ['exponential', exponential, [14.614643, 7.3248806, 3.6712408, 1.8400313, 0.92222637, 0.46222126]],
  ['polyexponential', polyexponential(1.5), [14.61464, 5.3400807, 2.0741928, 0.86006767, 0.3827254, 0.18402055]],
  ['variance preserving', variancePreserving(), [152.16698, 53.309845, 21.095617, 9.403197, 4.6806397, 2.54943]],
])('%s has the levels of k-diffusion', (_, schedule, expected) => {
  const found = schedule(10, 0.0291675, 14.614642)
  expect(found).toHaveLength(10)
  for (const [i, sigma] of expected.entries()) expect((found[i] ?? NaN) / sigma).toBeCloseTo(1, 5)
})

// the originals' rules on a table of 1000, in timesteps
test.each<[string, Schedule, number, number[]]>([
  ['simple', simple, 4, [999, 749, 499, 249]],
  ['simple', simple, 7, [999, 857, 714, 571, 428, 285, 142]],
  ['sgm-uniform', sgmUniform, 4, [999, 749.25, 499.5, 249.75]],
  ['ddim-uniform', ddimUniform, 5, [801, 601, 401, 201, 1]],
  ['ddim-uniform', ddimUniform, 3, [667, 334, 1]],
  ['beta', beta, 10, [999, 959, 876, 765, 637, 500, 362, 234, 123, 40]],
])('%s takes the timesteps of ComfyUI: %# of %i', (_, schedule, count, expected) => {
  const found = schedule(count, low, high, model(count)).map(table.sigmaToT)
  expect(found).toHaveLength(count)
  for (const [i, t] of expected.entries()) expect(found[i]).toBeCloseTo(t, 6)
})

test('so many steps that beta would repeat timesteps take fractional ones', () => {
  const found = beta(500, low, high, model(500)).map(table.sigmaToT)
  expect(found.every(Number.isInteger)).toBe(false)
  expect(found[0]).toBeCloseTo(999, 6)
})

describe('align your steps', () => {
  test.each([
    [alignYourStepsSd1, [999, 850, 736, 645, 545, 455, 343, 233, 124, 24]],
    [alignYourStepsSdxl, [999, 845, 730, 587, 443, 310, 193, 116, 53, 13]],
  ])('ten steps are the timesteps that the authors publish', (schedule, expected) => {
    const found = schedule(10, low, high)
    for (const [i, t] of expected.entries()) expect(table.sigmaToT(found[i] ?? NaN)).toBeCloseTo(t, 2)
    // every second of twenty
    for (const [i, sigma] of schedule(20, low, high).entries()) {
      if (i % 2 === 0) expect(sigma).toBeCloseTo(found[i / 2] ?? NaN, 9)
    }
  })

  test('another table has them in the same places between its ends', () => {
    const [first, second = NaN] = alignYourStepsSd1(10, 0.01, 100)
    expect(first).toBe(100)
    const share = Math.log(14.6146412293 / 6.4745760956) / Math.log(14.6146412293 / 0.0291671582)
    expect(second).toBeCloseTo(100 * 1e-4 ** share, 9)
  })
})

const counts = [2, 3, 7, 10, 30, 50, 150, 500]

describe.each(Object.entries(schedules))('%s', (_, schedule: Schedule) => {
  test.each(counts)('falls all the way from the highest level: %i steps', (count) => {
    const sigmas = schedule(count, low, high, model(count))
    expect(sigmas).toHaveLength(count)
    // what the first Stable Diffusion's DDIM left out
    if (schedule !== schedules['ddim-uniform']) expect(sigmas[0]).toBeCloseTo(high, 5)
    expect(new Set(sigmas).size).toBe(count)
    expect(sigmas).toEqual(sigmas.toSorted((a, b) => b - a))
    expect(sigmas.at(-1)).toBeGreaterThan(low * (1 - 1e-9))
  })

  test('a single step starts at the highest level', () => {
    expect(schedule(1, low, high, model(1))).toEqual([expect.closeTo(high, 5)])
  })
})
