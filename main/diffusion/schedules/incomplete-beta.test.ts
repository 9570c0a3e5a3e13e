import { describe, expect, test } from 'vitest'
import { incompleteBeta, inverseIncompleteBeta } from './incomplete-beta.ts'

const grid = Array.from({ length: 99 }, (_, i) => (i + 1) / 100)

/** The integral of t^(a - 1) (1 - t)^(b - 1) from 0 to x by Simpson's rule over u = t^a, which has no pole at 0. */
function integral(x: number, a: number, b: number): number {
  const count = 2000
  const width = x ** a / count
  const value = (u: number) => (1 - u ** (1 / a)) ** (b - 1)
  const sum = Array.from({ length: count + 1 }, (_, i) => {
    const weight = i === 0 || i === count ? 1 : i % 2 === 1 ? 4 : 2
    return weight * value(i * width)
  }).reduce((total, term) => total + term, 0)
  return (sum * width) / 3 / a
}

describe('the regularised incomplete beta function', () => {
  test.each<[string, number, number, (x: number) => number]>([
    ['1, 1: the even distribution', 1, 1, (x) => x],
    ['2, 3: a polynomial', 2, 3, (x) => 6 * x ** 2 - 8 * x ** 3 + 3 * x ** 4],
    ['1/2, 1/2: the arcsine', 1 / 2, 1 / 2, (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x))],
    ['5, 1: a power', 5, 1, (x) => x ** 5],
  ])('has its closed form for %s', (_, a, b, exact) => {
    for (const x of grid) expect(incompleteBeta(x, a, b)).toBeCloseTo(exact(x), 13)
  })

  test('is the share of its integral for the shape that the schedule has', () => {
    const whole = 2 * integral(1 / 2, 0.6, 0.6)
    for (const x of [0.01, 0.1, 0.3, 0.5])
      expect(incompleteBeta(x, 0.6, 0.6)).toBeCloseTo(integral(x, 0.6, 0.6) / whole, 9)
  })

  test('is symmetric and bounded', () => {
    for (const x of grid) expect(incompleteBeta(x, 0.6, 1.7) + incompleteBeta(1 - x, 1.7, 0.6)).toBeCloseTo(1, 13)
    expect([0, 1, -1, 2].map((x) => incompleteBeta(x, 0.6, 0.6))).toEqual([0, 1, 0, 1])
  })
})

describe('its inverse', () => {
  test.each([
    [0.6, 0.6],
    [2, 5],
    [1 / 2, 1 / 2],
  ])('undoes it for %d, %d', (a, b) => {
    for (const x of grid) expect(inverseIncompleteBeta(incompleteBeta(x, a, b), a, b)).toBeCloseTo(x, 9)
  })

  test('meets the ends', () => {
    expect([0, 1].map((share) => inverseIncompleteBeta(share, 0.6, 0.6))).toEqual([0, 1])
  })
})
