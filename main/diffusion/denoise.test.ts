import { expect, test } from 'vitest'
import { weightedSum } from '../tensor/arithmetic.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { dataScaled, denoiser } from './denoise.ts'

const x0 = gaussianNoise(1, 0, [1, 4, 4, 4])
const noise = gaussianNoise(1, 1, [1, 4, 4, 4])

/** What a perfect network answers for x = x0 + sigma * n: the noise, a * n - s * x0, or x0. */
const perfect = {
  epsilon: () => noise,
  v: (sigma: number) => {
    const a = 1 / Math.hypot(1, sigma)
    return weightedSum([a, noise], [-a * sigma, x0])
  },
  sample: () => x0,
}

const largestDifference = (a: Tensor, b: Tensor) =>
  Math.max(...a.data.map((value, i) => Math.abs(value - (b.data[i] ?? NaN))))

test.each([
  ['epsilon', 0.03, 1e-6],
  ['epsilon', 14.6, 1e-5],
  // x holds x0 in float32 beside noise 157 times as large
  ['epsilon', 157, 5e-5],
  ['v', 0.03, 1e-6],
  ['v', 14.6, 1e-6],
  ['v', 20_291, 1e-6],
  ['v', 2 ** 30, 1e-6],
  ['sample', 14.6, 1e-6],
] as const)('a perfect %s network at sigma %d gives the clean latent back', async (type, sigma, tolerance) => {
  const denoise = denoiser(
    () => Promise.resolve(perfect[type](sigma)),
    type,
    () => 500,
  )
  const denoised = await denoise(weightedSum([1, x0], [sigma, noise]), sigma)
  expect(largestDifference(denoised, x0)).toBeLessThan(tolerance)
})

test('the network sees an input of unit variance and the timestep of its level', async () => {
  const seen: [Tensor, number][] = []
  const denoise = denoiser(
    (x, timestep) => {
      seen.push([x, timestep])
      return Promise.resolve(x)
    },
    'epsilon',
    (sigma) => sigma * 10,
  )
  const x = weightedSum([3, noise])
  await denoise(x, 3)
  expect(seen).toEqual([[dataScaled(x, 3), 30]])
  expect(dataScaled(x, 3).data[0]).toBeCloseTo((x.data[0] ?? NaN) / Math.sqrt(10), 6)
})
