import { describe, expect, test } from 'vitest'
import { exponential } from './exponential.ts'
import { schedules } from './index.ts'
import { karras } from './karras.ts'
import { polyexponential } from './polyexponential.ts'
import type { Schedule } from './schedule.ts'
import { variancePreserving } from './variance-preserving.ts'

const [low, high] = [0.0291675, 14.614642]
const own = [14.614642, 3, 2, 1, 0.0291675]

// k-diffusion's get_sigmas_* between the ends of Stable Diffusion's table, 10 levels
test.each<[string, Schedule, number[]]>([
  ['karras', karras(), [14.614643, 9.102934, 5.4783993, 3.1686094, 1.749422, 0.9140758]],
  ['karras with rho 5', karras(5), [14.614642, 9.681305, 6.180377, 3.774493, 2.1839733, 1.1814191]],
  ['exponential', exponential, [14.614643, 7.3248806, 3.6712408, 1.8400313, 0.92222637, 0.46222126]],
  ['polyexponential', polyexponential(1.5), [14.61464, 5.3400807, 2.0741928, 0.86006767, 0.3827254, 0.18402055]],
  ['variance preserving', variancePreserving(), [152.16698, 53.309845, 21.095617, 9.403197, 4.6806397, 2.54943]],
])('%s has the levels of k-diffusion', (_, schedule, expected) => {
  const found = schedule(10, low, high, own)
  expect(found).toHaveLength(10)
  for (const [i, sigma] of expected.entries()) expect((found[i] ?? NaN) / sigma).toBeCloseTo(1, 5)
})

describe.each(Object.entries(schedules))('%s', (_, schedule: Schedule) => {
  test('falls from the highest level to the lowest', () => {
    const sigmas = schedule(own.length, low, high, own)
    expect(sigmas).toHaveLength(own.length)
    expect(sigmas[0]).toBeCloseTo(high, 9)
    expect(sigmas.at(-1)).toBeCloseTo(low, 9)
    expect(sigmas).toEqual(sigmas.toSorted((a, b) => b - a))
  })

  test('a single step starts at the highest level', () => {
    expect(schedule(1, low, high, [high])).toEqual([expect.closeTo(high, 9)])
  })
})
