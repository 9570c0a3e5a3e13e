import { describe, expect, test } from 'vitest'
import type { SamplerId } from '../../contract/generation.ts'
import { scaled } from '../../tensor/arithmetic.ts'
import { gaussianNoise } from '../../tensor/noise.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { planSampling } from '../plan.ts'
import type { SamplerOptions } from '../sampler.ts'
import { karras } from '../schedules/karras.ts'
import { dpmAdaptive } from './dpm-adaptive.ts'
import { alongTrajectory, consistent, deviation, endOf, ideal, noNoise, point, S, seeded } from './gaussian-data.ts'
import { samplers } from './index.ts'

/**
 * Order of convergence to the path of the probability flow, or that a sampler sets its own error, or only ends in the right
 * distribution, or does so with a network distilled for it.
 */
const orders: Record<SamplerId, Order> = {
  euler: 1,
  'euler-ancestral': 'stochastic',
  heun: 2,
  dpm2: 2,
  'dpm2-ancestral': 'stochastic',
  lms: 3,
  'dpmpp-2m': 2,
  'dpmpp-2m-sde': 'stochastic',
  'dpmpp-2m-sde-heun': 'stochastic',
  'dpmpp-sde': 'stochastic',
  'dpmpp-2s-ancestral': 'stochastic',
  'dpmpp-3m': 2,
  'dpmpp-3m-sde': 'stochastic',
  'dpmpp-2s': 2,
  'dpmpp-3s': 2,
  'dpm-solver-2m': 2,
  'dpm-fast': 2,
  'dpm-adaptive': 'adaptive',
  unipc: 3,
  'unipc-bh1': 3,
  deis: 2,
  ddim: 1,
  ddpm: 'stochastic',
  plms: 2,
  pndm: 2,
  lcm: 'distilled',
  tcd: 'distilled',
  restart: 'stochastic',
  langevin: 'stochastic',
}
type Order = 1 | 2 | 3 | 'adaptive' | 'stochastic' | 'distilled'
const entries = Object.entries(orders) as [SamplerId, Order][]
const deterministic = entries.filter(([, order]) => typeof order === 'number')
const stochastic = entries.filter(([, order]) => order === 'stochastic' || order === 'distilled')

const networkFor = (id: SamplerId, sigmas: readonly number[]) =>
  id === 'tcd' ? alongTrajectory(sigmas) : orders[id] === 'distilled' ? consistent : ideal

const result = (
  id: SamplerId,
  x: Tensor,
  sigmas: readonly number[],
  options: SamplerOptions,
  denoise = networkFor(id, sigmas),
) => endOf(samplers[id], denoise, x, sigmas, options)

describe('convergence', () => {
  /** Distance from the exact path at the end of `steps` Karras steps to sigma_min. */
  async function pathError(id: SamplerId, steps: number): Promise<number> {
    const sigmas = karras()(steps + 1, 0.0291675, 14.614642)
    const end = await result(id, point(Math.hypot(S, sigmas[0] ?? NaN)), sigmas, noNoise)
    return Math.abs((end.data[0] ?? NaN) - Math.hypot(S, sigmas.at(-1) ?? NaN))
  }

  test.each(deterministic)('%s is of order %d', async (id, order) => {
    // nearly doubled, with the remainder that methods of three calls a stride leave
    const errors = [await pathError(id, 43), await pathError(id, 85), await pathError(id, 169)]
    const expected = 2 ** Number(order)
    for (const [i, error] of errors.slice(1).entries()) {
      const gain = (errors[i] ?? NaN) / error
      expect(gain).toBeGreaterThan(expected * (order === 1 ? 0.97 : 0.85))
      if (order === 1) expect(gain).toBeLessThan(2.05)
    }
  })

  test('DPM adaptive errs less where it is allowed less', async () => {
    const sigmas = [14.614642, 1, 0.0291675]
    for (const order of [2, 3] as const) {
      const errors = [0.1, 0.0003].map(async (allowed) => {
        let x = point(Math.hypot(S, sigmas[0] ?? NaN))
        const tolerance = { absolute: allowed / 10, relative: allowed }
        for await (const step of dpmAdaptive(ideal, x, sigmas, { ...noNoise, order, tolerance })) x = step.x
        return Math.abs((x.data[0] ?? NaN) / Math.hypot(S, sigmas[2] ?? NaN) - 1)
      })
      const [coarse = NaN, fine = NaN] = await Promise.all(errors)
      expect(fine).toBeLessThan(coarse / 10)
      expect(fine).toBeLessThan(0.001)
    }
  })

  test.each(stochastic)('%s ends in the distribution of the data', async (id) => {
    const shape = [1, 4, 64, 64]
    const sigmas = [...karras()(200, 0.0291675, 14.614642), 0]
    const x = scaled(gaussianNoise(9, 0, shape), Math.hypot(S, sigmas[0] ?? NaN))
    const end = await result(id, x, sigmas, { noise: seeded(shape) })
    expect(deviation(end) / S).toBeCloseTo(1, 1)
  })
})

describe('tables that end near zero SNR', () => {
  const cosine = {
    trainTimesteps: 1000,
    betaSchedule: 'squaredcos_cap_v2',
    betaStart: 0,
    betaEnd: 0,
    trainedBetas: null,
    rescaleZeroSnr: false,
    timestepSpacing: 'trailing',
    stepsOffset: 0,
    setAlphaToOne: true,
  } as const
  const zeroSnr = {
    ...cosine,
    betaSchedule: 'scaled_linear',
    betaStart: 0.00085,
    betaEnd: 0.012,
    rescaleZeroSnr: true,
  } as const

  /** The paths whose own error is larger: strides that are allowed 5 %, a walk whose moves are random by a tenth. */
  const leeway: Partial<Record<SamplerId, number>> = { 'dpm-adaptive': 1.1, langevin: 1.12 }

  const tables = { squaredcos_cap_v2: cosine, 'zero terminal SNR': zeroSnr }
  const cases = Object.entries(tables).flatMap(([name, config]) => entries.map(([id]) => [id, name, config] as const))

  test.each(cases)('%s reaches the data from %s', async (sampler, _, config) => {
    const shape = [1, 4, 32, 32]
    const plan = planSampling(config, { sampler, schedule: 'normal', steps: 40 })
    const x = scaled(gaussianNoise(9, 0, shape), plan.initialScale)
    const end = await result(sampler, x, plan.sigmas, { noise: seeded(shape) })
    expect(deviation(end) / S).toBeGreaterThan(0.87)
    expect(deviation(end) / S).toBeLessThan(leeway[sampler] ?? 1.05)
  })

  test.each(deterministic)('%s loses no precision at a level of 2^30', async (id) => {
    const answer = point(0.5)
    const x = point(2 ** 30 * 1.25)
    const end = await result(id, x, [2 ** 30, 10, 0.5, 0], noNoise, () => Promise.resolve(answer))
    expect(end.data[0]).toBeCloseTo(0.5, 6)
    const early = await result(id, x, [2 ** 30, 10], noNoise, () => Promise.resolve(answer))
    expect(early.data[0]).toBeCloseTo(10 * 1.25 + 0.5, 5)
  })
})
