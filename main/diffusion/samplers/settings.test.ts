import { describe, expect, test } from 'vitest'
import { SAMPLER_IDS, type SamplerId } from '../../contract/generation.ts'
import { firstEta, SAMPLER_OPTIONS } from '../../contract/sampling.ts'
import { scaled } from '../../tensor/arithmetic.ts'
import { gaussianNoise } from '../../tensor/noise.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Denoise, SamplerOptions } from '../sampler.ts'
import { karras } from '../schedules/karras.ts'
import { ancestralStep } from './ancestral-step.ts'
import { ddpm } from './ddpm.ts'
import { dpmpp2m } from './dpmpp-2m.ts'
import { consistent, deviation, endOf, ideal, noNoise, point, seeded } from './gaussian-data.ts'
import { samplers } from './index.ts'

const result = (id: SamplerId, x: Tensor, sigmas: readonly number[], options: SamplerOptions, denoise = ideal) =>
  endOf(samplers[id], denoise, x, sigmas, options)

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
      result('tcd', start, sigmas, { ...noNoise, eta: 0 }),
      result('ddim', start, sigmas, noNoise),
    ],
    [
      'TCD with eta 1 is LCM',
      result('tcd', start, sigmas, { noise, eta: 1 }, consistent),
      result('lcm', start, sigmas, { noise }, consistent),
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

  test.each(SAMPLER_IDS.filter((id) => SAMPLER_OPTIONS[id].some((option) => option === 'eta')))(
    '%s takes the eta of the contract where none is given, and heeds another',
    async (id) => {
      const unsaid = await result(id, start, sigmas, { noise })
      expect(await result(id, start, sigmas, { noise, eta: firstEta(id) })).toEqual(unsaid)
      expect(await result(id, start, sigmas, { noise, eta: 0.6 })).not.toEqual(unsaid)
    },
  )

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
