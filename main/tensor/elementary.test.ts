import { expect, test } from 'vitest'
import { cosine, naturalLogarithm, sine } from './elementary.ts'

const turn = Array.from({ length: 1001 }, (_, i) => (i / 1000) * 2 * Math.PI)

test('sine and cosine are within two roundings of the exact ones all around', () => {
  for (const v of turn) {
    expect(Math.abs(sine(v) - Math.sin(v))).toBeLessThan(5e-16)
    expect(Math.abs(cosine(v) - Math.cos(v))).toBeLessThan(5e-16)
  }
})

test('the logarithm is, from 1 down to what 32 bits can be', () => {
  expect(naturalLogarithm(1)).toBe(0)
  for (let u = 0.99; u > 2 ** -33; u *= 0.7) expect(naturalLogarithm(u) / Math.log(u)).toBeCloseTo(1, 14)
})
