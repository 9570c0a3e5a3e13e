import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { gaussianNoise } from './noise.ts'

const sha256 = (data: Float32Array) => createHash('sha256').update(new Uint8Array(data.buffer)).digest('hex')

test('has the moments of a standard normal', () => {
  const { data } = gaussianNoise(7, 0, [1_000_000])
  const moment = (power: number) => data.reduce((sum, value) => sum + value ** power, 0) / data.length
  // four standard errors of each moment over a million values
  expect(Math.abs(moment(1))).toBeLessThan(0.004)
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.0057)
  expect(Math.abs(moment(3))).toBeLessThan(0.0155)
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.0392)
})

test('has the tails of a standard normal', () => {
  const { data } = gaussianNoise(11, 3, [1_000_000])
  const beyond = (limit: number) => data.filter((value) => Math.abs(value) > limit).length / data.length
  expect(beyond(1)).toBeCloseTo(0.3173, 2)
  expect(beyond(2)).toBeCloseTo(0.0455, 2)
  expect(beyond(3)).toBeCloseTo(0.0027, 3)
})

// modules/rng_philox.py of AUTOMATIC1111 v1.8.0: Generator(seed).randn twice in a row, which is what a card of NVIDIA gives
test.each([
  [0, 0, [-0.9246624, -0.42534396, -2.6438458]],
  [0, 1, [0.18082589, -0.5522627, 0.9238134]],
  [42, 0, [0.19401887, 2.1613739, -0.17205095]],
  [42, 1, [0.13913749, -0.10821616, -0.7174222]],
  [4294967295, 0, [-0.034158442, 0.390445, 1.5272353]],
])('seed %i, draw %i is what a graphics card of NVIDIA draws', (seed, draw, expected) => {
  expect([...gaussianNoise(seed, draw, [3]).data]).toEqual(expected.map(Math.fround))
})

test('gives the same bytes on every machine', () => {
  const table = [
    [0, 0, 'e7fa6d178fdef51e02c0121e4ada95b7a98847a84428024f14e6059db7d4cc5c'],
    [1, 0, '73e012b0046c4fbbf483b10ce458c65e6042d44f6c10eb6e5e3740e6ca514e47'],
    [1, 1, 'e04e164cfe7b6b6ae3393ba0a71d552ba5e5d0d7ab8ce4bad73b556374b5e057'],
    [2 ** 32, 0, '3d45c469e12fb6959f48575dd172813b80d5765be3eff3e3e7326df70fda8070'],
    [Number.MAX_SAFE_INTEGER, 500, 'f10409eb53160102cdb5b84b6e14f20fd7558db9446cce66c7b69794d93fb67d'],
  ] as const
  const found = table.map(([seed, draw]) => [seed, draw, sha256(gaussianNoise(seed, draw, [1, 4, 32, 32]).data)])
  expect(found).toEqual(table)
})

test('a draw does not depend on the draws before it, an element not on the shape around it', () => {
  const third = gaussianNoise(5, 3, [1, 4, 2, 2]).data
  gaussianNoise(5, 0, [8])
  expect(gaussianNoise(5, 3, [16]).data).toEqual(third)
  expect(gaussianNoise(5, 3, [2, 4, 2, 2]).data.slice(0, 16)).toEqual(third)
})

test('seeds and draws are apart from each other', () => {
  const runs = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
    [2 ** 32, 0],
    [2 ** 32 + 1, 0],
  ].map(([seed = 0, draw = 0]) => gaussianNoise(seed, draw, [4096]).data)
  for (const [i, a] of runs.entries()) {
    for (const b of runs.slice(i + 1)) {
      const correlation = a.reduce((sum, value, k) => sum + value * (b[k] ?? NaN), 0) / a.length
      // four standard errors
      expect(Math.abs(correlation)).toBeLessThan(0.0625)
    }
  }
})
