import { expect, test } from 'vitest'
import { noiseTable } from '../diffusion/noise-table.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { probePredictionType } from './prediction-probe.ts'

const TABLE = noiseTable({
  trainTimesteps: 1000,
  betaSchedule: 'scaled_linear',
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainedBetas: null,
  rescaleZeroSnr: false,
})
const conditioning = { context: tensor([1, 1, 1]), vector: null }

/** The ideal network for Gaussian latents of this mean and deviation; x = a·x0 + s·n at the timestep's levels. */
function ideal(predicts: 'epsilon' | 'v', mean: number, deviation: number) {
  return ({ shape, data }: Tensor, [timestep = 0]: number[]): Promise<Tensor> => {
    const sigma = TABLE.tToSigma(timestep)
    const [a, s] = [1 / Math.hypot(1, sigma), sigma / Math.hypot(1, sigma)]
    const answer = data.map((x) => {
      const variance = a * a * deviation ** 2 + s * s
      const clean = mean + (deviation ** 2 * a * (x - a * mean)) / variance
      const noise = (x - a * clean) / s
      return predicts === 'epsilon' ? noise : a * noise - s * clean
    })
    return Promise.resolve(tensor(shape, answer))
  }
}

test.each([
  ['epsilon', 0, 1],
  ['epsilon', 0.8, 0.6],
  ['v', 0, 1],
  ['v', 0.8, 0.6],
  ['v', -0.3, 1.4],
] as const)(
  'a network that predicts %s of latents around %d, %d wide, is known by its answer',
  async (type, mean, deviation) => {
    const probe = { conditioning, shape: [1, 4, 64, 64], lastTimestep: 999 }
    expect(await probePredictionType(ideal(type, mean, deviation), probe)).toBe(type)
  },
)
