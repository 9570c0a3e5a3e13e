import { expect, test } from 'vitest'
import { gaussianNoise } from '../tensor/noise.ts'
import { scaled, weightedSum } from '../tensor/arithmetic.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { brownianNoise } from './brownian-noise.ts'
import { seededNoise } from './noise-source.ts'
import type { Denoise, NoiseSource } from './sampler.ts'
import { dpmppSde } from './samplers/dpmpp-sde.ts'
import { karras } from './schedules/karras.ts'

const shape = [1, 4, 32, 32]
const noise = brownianNoise(5, shape)
const correlation = (a: Tensor, b: Tensor) =>
  a.data.reduce((sum, value, i) => sum + value * (b.data[i] ?? NaN), 0) / a.data.length

test.each([
  [14.6, 10],
  [14.6, 0.03],
  [1, 0.999],
  [20_000, 25],
  [2 ** 30, 4096],
  [0.01, 0.001],
])('from %d to %d it is standard normal', (sigma, sigmaNext) => {
  const increment = noise(sigma, sigmaNext)
  // four standard errors over 4096 values
  expect(Math.abs(correlation(increment, increment) - 1)).toBeLessThan(0.089)
  expect(Math.abs(increment.data.reduce((sum, value) => sum + value, 0) / 4096)).toBeLessThan(0.063)
})

test('the noise of two intervals adds up to that of both', () => {
  for (const [a, b, c] of [
    [8, 4, 1],
    [16, 1, 0.5],
    [2, 1.9, 0.05],
  ] as const) {
    const [first, second] = [Math.log2(a / b), Math.log2(b / c)]
    const sum = weightedSum(
      [Math.sqrt(first / (first + second)), noise(a, b)],
      [Math.sqrt(second / (first + second)), noise(b, c)],
    )
    const whole = noise(a, c)
    // levels are rounded to leaves, of which these intervals have a thousand and more
    for (const [i, value] of sum.data.entries()) expect(Math.abs(value - (whole.data[i] ?? NaN))).toBeLessThan(2e-3)
  }
})

test('between powers of two, which are leaves, it adds up to the last digits', () => {
  const sum = weightedSum([Math.sqrt(1 / 3), noise(8, 4)], [Math.sqrt(2 / 3), noise(4, 1)])
  for (const [i, value] of noise(8, 1).data.entries()) expect(sum.data[i]).toBeCloseTo(value, 6)
})

test('intervals that do not overlap have nothing in common, seeds neither', () => {
  const pairs = [
    [noise(8, 4), noise(4, 2)],
    [noise(8, 4), noise(0.2, 0.1)],
    [noise(8, 4), brownianNoise(6, shape)(8, 4)],
    [noise(8, 4), gaussianNoise(5, 0, shape)],
    [noise(8, 4), gaussianNoise(5, 1, shape)],
  ] as const
  for (const [a, b] of pairs) expect(Math.abs(correlation(a, b))).toBeLessThan(0.063)
})

test('neither the order of asking nor what was asked before changes a byte', () => {
  const intervals = [
    [14.6, 9],
    [9, 0.4],
    [0.4, 0.03],
    [3, 0.2],
  ] as const
  const forward = intervals.map(([a, b]) => noise(a, b))
  const backward = intervals.toReversed().map(([a, b]) => noise(a, b))
  expect(backward.toReversed()).toEqual(forward)
  expect(intervals.map(([a, b]) => brownianNoise(5, shape)(a, b))).toEqual(forward)
})

test('levels closer than a leaf still have noise between them', () => {
  expect(noise(1, 1 - 1e-9).data.every(Number.isFinite)).toBe(true)
  expect(noise(1, 1).data.every(Number.isFinite)).toBe(true)
})

test('each seed of a batch has its own path', () => {
  const draw = seededNoise([5, 6], [4, 32, 32])(3, [8, 4])
  expect(draw.shape).toEqual([2, 4, 32, 32])
  expect(draw.data.slice(0, 4096)).toEqual(noise(8, 4).data)
  expect(draw.data.slice(4096)).toEqual(brownianNoise(6, shape)(8, 4).data)
})

test('more steps refine a picture instead of making another one', async () => {
  const denoise: Denoise = (x, sigma) => Promise.resolve(scaled(x, 0.36 / (0.36 + sigma ** 2)))
  const picture = async (steps: number, source: NoiseSource) => {
    const sigmas = [...karras()(steps, 0.03, 14.6), 0]
    let x = scaled(gaussianNoise(5, 0, shape), 14.6)
    for await (const step of dpmppSde(denoise, x, sigmas, { noise: source })) x = step.x
    return x
  }
  const likeness = async (source: NoiseSource) => {
    const [few, many] = [await picture(30, source), await picture(60, source)]
    return correlation(few, many) / Math.sqrt(correlation(few, few) * correlation(many, many))
  }
  expect(await likeness(seededNoise([5], shape.slice(1)))).toBeGreaterThan(0.99)
  expect(await likeness((draw) => gaussianNoise(5, draw + 1, shape))).toBeLessThan(0.3)
})
