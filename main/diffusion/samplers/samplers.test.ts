import { describe, expect, test } from 'vitest'
import type { SamplerId } from '../../contract/generation.ts'
import { scaled } from '../../tensor/arithmetic.ts'
import { gaussianNoise } from '../../tensor/noise.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { planSampling } from '../plan.ts'
import type { Denoise, SamplerOptions } from '../sampler.ts'
import { karras } from '../schedules/karras.ts'
import { ancestralStep } from './ancestral-step.ts'
import { ddpm } from './ddpm.ts'
import { dpmAdaptive } from './dpm-adaptive.ts'
import { dpmpp2m } from './dpmpp-2m.ts'
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

/** Normal data of this deviation; its ideal denoiser is known, and the path to it is x ∝ sqrt(s^2 + sigma^2). */
const S = 0.6
const ideal: Denoise = (x, sigma) => Promise.resolve(scaled(x, S ** 2 / (S ** 2 + sigma ** 2)))
/** Gives the end of the path at once. */
const consistent: Denoise = (x, sigma) => Promise.resolve(scaled(x, S / Math.hypot(S, sigma)))
/** Gives what leads straight to the path's point at the level that TCD steps down to, 0.7 of the next one. */
const alongTrajectory =
  (sigmas: readonly number[]): Denoise =>
  (x, sigma) => {
    const next = sigmas[sigmas.indexOf(sigma) + 1] ?? NaN
    const reached = next === sigmas.at(-1) ? next : 0.7 * next
    const kept = reached / sigma
    return Promise.resolve(scaled(x, (Math.hypot(S, reached) / Math.hypot(S, sigma) - kept) / (1 - kept)))
  }
const networkFor = (id: SamplerId, sigmas: readonly number[]) =>
  id === 'tcd' ? alongTrajectory(sigmas) : orders[id] === 'distilled' ? consistent : ideal

const noNoise: SamplerOptions = {
  noise: () => {
    throw new Error('expected a deterministic sampler to draw no noise')
  },
}

async function result(
  id: SamplerId,
  x: Tensor,
  sigmas: readonly number[],
  options: SamplerOptions,
  denoise = networkFor(id, sigmas),
): Promise<Tensor> {
  for await (const step of samplers[id].sample(denoise, x, sigmas, options)) x = step.x
  return x
}

const point = (value: number) => tensor([1, 1, 1, 1], Float32Array.of(value))
const seeded = (shape: readonly number[]) => (draw: number) => gaussianNoise(9, draw + 1, shape)
const deviation = ({ data }: Tensor) => Math.sqrt(data.reduce((sum, value) => sum + value ** 2, 0) / data.length)

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

describe('settings', () => {
  const shape = [1, 1, 8, 8]
  const start = scaled(gaussianNoise(2, 0, shape), 10)
  const sigmas = [10, 4, 1, 0.2, 0]
  const noise = seeded(shape)

  test.each([
    [
      'DDIM with eta 1 is DDPM',
      result('ddim', start, sigmas, { noise, eta: 1 }),
      result('ddpm', start, sigmas, { noise }),
    ],
    [
      'Euler ancestral with eta 0 is Euler',
      result('euler-ancestral', start, sigmas, { noise, eta: 0 }),
      result('euler', start, sigmas, noNoise),
    ],
    [
      'TCD with eta 0 is DDIM',
      result('tcd', start, sigmas, { ...noNoise, eta: 0 }, ideal),
      result('ddim', start, sigmas, noNoise),
    ],
    [
      'TCD with eta 1 is LCM',
      result('tcd', start, sigmas, { noise, eta: 1 }, consistent),
      result('lcm', start, sigmas, { noise }),
    ],
    [
      'DPM2 ancestral with eta 0 is DPM2',
      result('dpm2-ancestral', start, sigmas, { ...noNoise, eta: 0 }),
      result('dpm2', start, sigmas, noNoise),
    ],
    [
      'DPM++ SDE with eta 0 is DPM++ 2S ancestral with eta 0',
      result('dpmpp-sde', start, sigmas, { ...noNoise, eta: 0 }),
      result('dpmpp-2s-ancestral', start, sigmas, { ...noNoise, eta: 0 }),
    ],
    [
      'DPM++ 2M SDE with eta 0 is DPM++ 2M',
      result('dpmpp-2m-sde', start, sigmas, { ...noNoise, eta: 0 }),
      result('dpmpp-2m', start, sigmas, noNoise),
    ],
    ['DDIM is Euler', result('ddim', start, sigmas, noNoise), result('euler', start, sigmas, noNoise)],
  ])('%s', async (_, found, expected) => {
    const target = (await expected).data
    for (const [i, value] of (await found).data.entries()) expect(value).toBeCloseTo(target[i] ?? NaN, 5)
  })

  test('Restart is Heun below 20 steps, and from there goes back to sigma 2 from 0.1', async () => {
    const short = [...karras()(10, 0.0291675, 14.614642), 0]
    expect(await result('restart', start, short, noNoise)).toEqual(await result('heun', start, short, noNoise))
    for (const [steps, restarts] of [
      [20, 1],
      [40, 2],
    ] as const) {
      const long = [...karras()(steps, 0.0291675, 14.614642), 0]
      const reached: number[] = []
      for await (const step of samplers.restart.sample(ideal, start, long, { noise })) reached.push(step.sigma)
      expect(reached).toHaveLength(steps)
      expect(reached.at(-1)).toBe(0)
      const ups = reached.filter((sigma, k) => sigma > (reached[k - 1] ?? Infinity))
      expect(ups).toHaveLength(restarts)
    }
  })

  test.each(['euler', 'heun'] as const)(
    '%s without churn in range draws nothing; with it, noise and a higher level',
    async (id) => {
      const plain = await result(id, start, sigmas, noNoise)
      const outside = { amount: 2, sigmaMin: 20 }
      expect(await result(id, start, sigmas, { ...noNoise, churn: outside })).toEqual(plain)
      const asked: number[] = []
      const watched: Denoise = (x, sigma) => {
        asked.push(sigma)
        return ideal(x, sigma)
      }
      await result(id, start, sigmas, { noise, churn: { amount: 1 } }, watched)
      expect(asked[0]).toBe(10 * 1.25)
      await result(id, start, sigmas, { noise, churn: { amount: 4 } }, watched)
      expect(Math.max(...asked)).toBeCloseTo(10 * Math.SQRT2, 9)
    },
  )

  test("DDPM's larger variance adds more, and noise to the result only on demand", async () => {
    const twoLevels = [2, 1]
    const spread = async (options: Parameters<typeof ddpm>[3], levels = twoLevels) => {
      let end = start
      for await (const { x } of ddpm(() => Promise.resolve(scaled(start, 0)), scaled(start, 0), levels, options))
        end = x
      return deviation(end)
    }
    const unit = deviation(noise(0))
    expect((await spread({ noise })) / unit).toBeCloseTo(Math.sqrt(3 / 4), 6)
    expect((await spread({ noise, variance: 'large' })) / unit).toBeCloseTo(Math.sqrt(6 / 5), 6)
    expect(await spread({ noise, variance: 'large' }, [2, 0])).toBe(0)
    expect((await spread({ noise, variance: 'large', isResultNoised: true }, [2, 0])) / unit).toBeCloseTo(
      Math.sqrt(4 / 5),
      6,
    )
  })

  test('the exact integral of DPM-Solver++ follows a straight estimate in lambda', async () => {
    // denoised = lambda = -log sigma: x(sigma) = lambda - 1 + c sigma solves dx/dsigma = (x - denoised) / sigma
    const line: Denoise = (_, sigma) => Promise.resolve(point(-Math.log(sigma)))
    const exact = (sigma: number) => -Math.log(sigma) - 1 + 3 * sigma
    const end = async (solver: 'midpoint' | 'heun') => {
      let x = point(exact(1))
      // the first, first-order step is taken on the path
      const from = { step: 1, memory: [point(-Math.log(2))] }
      for await (const step of dpmpp2m(line, x, [2, 1, 0.7, 0.4], { ...noNoise, from, solver })) x = step.x
      return Math.abs((x.data[0] ?? NaN) - exact(0.4))
    }
    expect(await end('heun')).toBeLessThan(1e-6)
    expect(await end('midpoint')).toBeGreaterThan(1e-3)
  })
})

// k-diffusion's get_ancestral_step
test.each([
  [14.6, 10, 1, 6.849315, 7.2860746],
  [1, 0.7, 1, 0.49, 0.499899],
  [0.5, 0.1, 0.5, 0.08717798, 0.0489898],
  [2, 0, 1, 0, 0],
  [2, 2, 1, 2, 0],
  [2, 1, 5, 0, 1],
])('from %d to %d with eta %d goes down to %d and up by %d', (sigma, sigmaNext, eta, down, up) => {
  const { sigmaDown, sigmaUp } = ancestralStep(sigma, sigmaNext, eta)
  expect(sigmaDown).toBeCloseTo(down, 5)
  expect(sigmaUp).toBeCloseTo(up, 5)
})
