import { describe, expect, test } from 'vitest'
import { roundHalfToEven, spacedTimesteps } from './timesteps.ts'
import type { SpacingRules } from './timesteps.ts'

const leading: SpacingRules = { spacing: 'leading', stepsOffset: 1, hasExtraPoint: false, isRounded: true }
const trailing = { ...leading, spacing: 'trailing' } as const
const distilled = { ...leading, spacing: 'distilled' } as const
const linspace = { ...leading, spacing: 'linspace' } as const

describe('the timesteps of diffusers', () => {
  test.each<[string, SpacingRules, number, number[]]>([
    ['DDIM', leading, 10, [901, 801, 701, 601, 501, 401, 301, 201, 101, 1]],
    ['DDIM without offset', { ...leading, stepsOffset: 0 }, 5, [800, 600, 400, 200, 0]],
    ['DDIM where the stride is cut', leading, 3, [667, 334, 1]],
    ['DDIM trailing', trailing, 10, [999, 899, 799, 699, 599, 499, 399, 299, 199, 99]],
    [
      'DDIM trailing, rounded to even',
      trailing,
      16,
      [999, 937, 874, 811, 749, 687, 624, 561, 499, 437, 374, 311, 249, 187, 124, 61],
    ],
    ['DDIM linspace', linspace, 10, [999, 888, 777, 666, 555, 444, 333, 222, 111, 0]],
    ['DDIM linspace, rounded to even', linspace, 7, [999, 832, 666, 500, 333, 166, 0]],
    ['Euler linspace', { ...linspace, isRounded: false }, 5, [999, 749.25, 499.5, 249.75, 0]],
    ['DPM++ leading', { ...leading, hasExtraPoint: true }, 10, [901, 811, 721, 631, 541, 451, 361, 271, 181, 91]],
    ['DPM++ trailing', { ...trailing, hasExtraPoint: true }, 4, [999, 749, 499, 249]],
    ['LCM', distilled, 4, [999, 759, 499, 259]],
    ['LCM where the distilled steps do not divide', distilled, 6, [999, 839, 679, 499, 339, 179]],
    ['DPM++ linspace', { ...linspace, hasExtraPoint: true }, 3, [999, 666, 333]],
  ])('%s', (_, rules, count, expected) => {
    expect(spacedTimesteps(rules, 1000, count)).toEqual(expected)
  })

  test.each([leading, trailing, linspace, distilled])(
    'no count leaves the table or repeats a timestep: $spacing',
    (rules) => {
      for (let count = 1; count <= 500; count++) {
        const timesteps = spacedTimesteps(rules, 1000, count)
        expect(timesteps).toHaveLength(count)
        expect(new Set(timesteps).size).toBe(count)
        expect(Math.max(...timesteps)).toBeLessThanOrEqual(999)
        expect(Math.min(...timesteps)).toBeGreaterThanOrEqual(0)
      }
    },
  )
})

test.each([leading, trailing, linspace, distilled])('a single step starts from pure noise: $spacing', (rules) => {
  expect(spacedTimesteps(rules, 1000, 1)).toEqual([999])
})

test.each([
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [2.4999, 2],
  [937.5, 938],
  [812.5, 812],
])('%d rounds to %d', (value, expected) => {
  expect(roundHalfToEven(value)).toBe(expected)
})
