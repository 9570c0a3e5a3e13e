import { describe, expect, test } from 'vitest'
import { noiseTable } from './noise-table.ts'
import type { NoiseConfig } from './noise-table.ts'

const stableDiffusion: NoiseConfig = {
  trainTimesteps: 1000,
  betaSchedule: 'scaled_linear',
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainedBetas: null,
  rescaleZeroSnr: false,
}
const denoisingDiffusion = { ...stableDiffusion, betaSchedule: 'linear', betaStart: 0.0001, betaEnd: 0.02 } as const
const cosine = { ...stableDiffusion, betaSchedule: 'squaredcos_cap_v2' } as const

describe('the levels a model was trained at', () => {
  test.each<[string, NoiseConfig, number, number]>([
    ['scaled_linear', stableDiffusion, 0, 0.0291675],
    ['scaled_linear', stableDiffusion, 500, 1.6182788],
    ['scaled_linear', stableDiffusion, 999, 14.614645],
    ['linear', denoisingDiffusion, 0, 0.0100013],
    ['linear', denoisingDiffusion, 500, 3.442967],
    ['linear', denoisingDiffusion, 999, 157.40728],
    ['squaredcos_cap_v2', cosine, 0, 0.00642711],
    ['squaredcos_cap_v2', cosine, 500, 1.0155508],
    ['squaredcos_cap_v2', cosine, 949, 12.807271],
    ['squaredcos_cap_v2', cosine, 999, 20291.3],
  ])('%s has them', (_, config, t, sigma) => {
    const found = noiseTable(config).sigmas[t] ?? NaN
    // sigma_min^2 is 1 - alpha, of which float32 keeps five digits
    expect(Math.abs(found / sigma - 1)).toBeLessThan(3e-5)
  })

  test('trained betas stand instead of a schedule', () => {
    const { alphasCumprod } = noiseTable({ ...stableDiffusion, trainTimesteps: 3, trainedBetas: [0.5, 0.5, 0.75] })
    expect(alphasCumprod).toEqual([0.5, 0.25, 0.0625])
  })

  test.each<[string, Partial<NoiseConfig>]>([
    ['trained_betas: expected 1000 trained betas', { trainedBetas: [0.1] }],
    ['expected rising noise levels, found sigma 1 at timestep 1', { trainTimesteps: 2, trainedBetas: [0.5, 0] }],
    ['expected rising noise levels', { trainTimesteps: 1 }],
  ])('betas that describe no process are refused: %s', (message, change) => {
    expect(() => noiseTable({ ...stableDiffusion, ...change })).toThrow(message)
  })
})

describe('zero terminal SNR', () => {
  const rescaled = { ...stableDiffusion, rescaleZeroSnr: true }

  test('the last level is the stand-in for infinity, the first stays', () => {
    expect(noiseTable(rescaled).sigmas.at(-1)).toBeCloseTo(4096, 3)
    expect(noiseTable(rescaled, 2 ** -60).sigmas.at(-1)).toBe(2 ** 30)
    expect(noiseTable(rescaled).sigmas[0]).toBeCloseTo(0.0291675, 6)
  })

  test('the levels between move up', () => {
    const { sigmas } = noiseTable(rescaled)
    expect((sigmas[500] ?? NaN) / 1.77456).toBeCloseTo(1, 5)
    expect((sigmas[998] ?? NaN) / 2254.23).toBeCloseTo(1, 4)
  })
})

describe('levels between timesteps', () => {
  const table = noiseTable(stableDiffusion)

  // k-diffusion's DiscreteSchedule on the same table
  test.each([
    [0, 0.02916754],
    [0.25, 0.03182001],
    [1.5, 0.04575846],
    [37.9, 0.19324249],
    [500, 1.6182789],
    [998.5, 14.570393],
  ])('timestep %d is sigma %d and back', (t, sigma) => {
    expect(Math.abs(table.tToSigma(t) / sigma - 1)).toBeLessThan(2e-5)
    expect(table.sigmaToT(table.tToSigma(t))).toBeCloseTo(t, 9)
  })

  test('outside the table, the nearest end', () => {
    expect(table.sigmaToT(0.001)).toBe(0)
    expect(table.sigmaToT(100)).toBe(999)
    expect(table.tToSigma(2000)).toBeCloseTo(14.614645, 4)
    expect(table.tToSigmaLinear(-1)).toBe(table.sigmas[0])
  })

  test('linear interpolation is of sigma itself', () => {
    const [a = NaN, b = NaN] = table.sigmas
    expect(table.tToSigmaLinear(0.25)).toBeCloseTo(0.75 * a + 0.25 * b, 12)
  })
})
