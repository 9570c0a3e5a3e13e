import { describe, expect, test } from 'vitest'
import { SAMPLER_IDS, SCHEDULE_IDS } from '../contract/generation.ts'
import { planSampling } from './plan.ts'
import type { PlanConfig, PlanRequest } from './plan.ts'

const stableDiffusion: PlanConfig = {
  trainTimesteps: 1000,
  betaSchedule: 'scaled_linear',
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainedBetas: null,
  rescaleZeroSnr: false,
  timestepSpacing: 'leading',
  stepsOffset: 1,
  setAlphaToOne: false,
}
const linspace = { ...stableDiffusion, timestepSpacing: 'linspace' } as const
/** Velocity models over the cosine table, as the built-in one. */
const cosine = {
  ...stableDiffusion,
  betaSchedule: 'squaredcos_cap_v2',
  timestepSpacing: 'trailing',
  stepsOffset: 0,
  setAlphaToOne: true,
} as const

const ddim: PlanRequest = { sampler: 'ddim', schedule: 'normal', steps: 10 }

describe("by default a plan is that of diffusers' class under the model's own configuration", () => {
  test.each<[string, PlanConfig, Partial<PlanRequest>, number[]]>([
    ['DDIM', stableDiffusion, {}, [901, 801, 701, 601, 501, 401, 301, 201, 101, 1]],
    ['DDPM', linspace, { sampler: 'ddpm' }, [999, 888, 777, 666, 555, 444, 333, 222, 111, 0]],
    ['Euler', linspace, { sampler: 'euler', steps: 5 }, [999, 749.25, 499.5, 249.75, 0]],
    ['DPM++ 2M', stableDiffusion, { sampler: 'dpmpp-2m', steps: 4 }, [801, 601, 401, 201]],
    ['DDIM over trailing timesteps', stableDiffusion, { schedule: 'trailing', steps: 4 }, [999, 749, 499, 249]],
    ['DPM++ 2M over them', stableDiffusion, { sampler: 'dpmpp-2m', schedule: 'trailing', steps: 2 }, [999, 499]],
    [
      'DPM++ 2M Karras',
      stableDiffusion,
      { sampler: 'dpmpp-2m', schedule: 'karras' },
      [999, 916, 815, 687, 523, 327, 146, 41, 7, 0],
    ],
  ])('%s', (_, config, change, timesteps) => {
    const plan = planSampling(config, { ...ddim, ...change })
    expect(plan.timesteps).toEqual(timesteps)
    expect(plan.steps).toBe(timesteps.length)
    expect(plan.sigmas).toHaveLength(timesteps.length + 1)
  })

  test.each<[string, PlanConfig, Partial<PlanRequest>, number]>([
    ['DDIM keeps the first level of the table', stableDiffusion, {}, 0.0291675],
    ['unless its scheduler goes to 1', cosine, {}, 0],
    ['or the levels are not its own timesteps', stableDiffusion, { schedule: 'karras' }, 0],
    ['Euler ends clean', stableDiffusion, { sampler: 'euler' }, 0],
    ['unless told otherwise', stableDiffusion, { sampler: 'euler', rules: { finalLevel: 'table' } }, 0.0291675],
    ['DDPM ends clean', stableDiffusion, { sampler: 'ddpm' }, 0],
  ])('the final level: %s', (_, config, change, sigma) => {
    expect(planSampling(config, { ...ddim, ...change }).sigmas.at(-1)).toBeCloseTo(sigma, 6)
  })

  test.each<[string, PlanConfig, Partial<PlanRequest>, number]>([
    ['unit variance for DDIM', stableDiffusion, {}, 8.450067],
    ['for Euler with leading spacing', stableDiffusion, { sampler: 'euler' }, 8.450067],
    ['sigma for Euler with another', linspace, { sampler: 'euler' }, 14.614645],
    ['as told', linspace, { sampler: 'euler', rules: { initialNoise: 'unit-variance' } }, 14.648818],
  ])('the start from noise: %s', (_, config, change, scale) => {
    expect(planSampling(config, { ...ddim, ...change }).initialScale / scale).toBeCloseTo(1, 5)
  })
})

describe('Karras', () => {
  const karras = { sampler: 'euler', schedule: 'karras', steps: 10 } as const

  test('runs between the ends of the table', () => {
    const { sigmas, timesteps } = planSampling(stableDiffusion, karras)
    expect(sigmas[0]).toBeCloseTo(14.614645, 4)
    expect(sigmas[9]).toBeCloseTo(0.0291675, 6)
    expect(timesteps[0]).toBeCloseTo(999, 6)
    expect(timesteps[1]).toBeCloseTo(916.3, 1)
  })

  test("or between the model's own timesteps, as diffusers' Euler", () => {
    const { sigmas, timesteps } = planSampling(stableDiffusion, { ...karras, rules: { scheduleEnds: 'own-timesteps' } })
    expect([sigmas[0], sigmas[9]]).toEqual([expect.closeTo(8.390687, 4), expect.closeTo(0.0413, 4)])
    expect(timesteps[0]).toBeCloseTo(901, 6)
  })

  test('does not spend its steps on the levels of a cosine table that are noise alone', () => {
    expect(planSampling(cosine, karras).sigmas[0]).toBeCloseTo(164.02, 2)
    expect(planSampling(cosine, { ...karras, rules: { sigmaLimit: Infinity } }).sigmas[0]).toBeGreaterThan(20_000)
  })
})

describe('strength', () => {
  test.each([
    [10, 1, 10],
    [10, 0.75, 7],
    [10, 0.3, 3],
    [10, 0.99, 9],
    // 100 * 0.29 is 28.999… in floating point, there as here
    [100, 0.29, 28],
    [20, 0.5, 10],
    // diffusers refuses these; a picture is asked for, so the last step is run
    [10, 0.05, 1],
    [1, 0.5, 1],
  ])('%i steps at %d run %i', (steps, strength, expected) => {
    const whole = planSampling(stableDiffusion, { ...ddim, steps })
    const part = planSampling(stableDiffusion, { ...ddim, steps, strength })
    expect(part.steps).toBe(expected)
    expect(part.timesteps).toEqual(whole.timesteps.slice(steps - expected))
    expect(part.sigmas).toEqual(whole.sigmas.slice(steps - expected))
  })
})

describe('every sampler over every schedule', () => {
  const pairs = SAMPLER_IDS.flatMap((sampler) => SCHEDULE_IDS.map((schedule) => ({ sampler, schedule })))

  test.each(pairs)('$sampler, $schedule: levels fall, the network is told each of them', ({ sampler, schedule }) => {
    for (const config of [stableDiffusion, linspace, cosine, { ...cosine, rescaleZeroSnr: true }]) {
      for (const steps of [1, 2, 7, 50]) {
        const plan = planSampling(config, { sampler, schedule, steps })
        expect(plan.sigmas).toEqual(plan.sigmas.toSorted((a, b) => b - a))
        expect(plan.sigmas.every(Number.isFinite)).toBe(true)
        expect(plan.timesteps).toEqual(plan.sigmas.slice(0, -1).map(plan.timestepAt))
      }
    }
  })
})

test('a model with fewer timesteps than steps is refused', () => {
  const short = { ...stableDiffusion, trainTimesteps: 8 }
  expect(() => planSampling(short, ddim)).toThrow("expected fewer steps than the model's 8 timesteps, found 10")
})
