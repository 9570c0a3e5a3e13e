import { describe, expect, test } from 'vitest'
import { SAMPLER_IDS } from '../contract/generation.ts'
import type { SamplerId } from '../contract/generation.ts'
import { scaled, weightedSum } from '../tensor/arithmetic.ts'
import { sliceBatch } from '../tensor/batch.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Predict } from './denoise.ts'
import { denoisingLoop } from './loop.ts'
import { seededNoise } from './noise-source.ts'
import type { LoopOptions, SamplingState, StepRecord } from './loop.ts'
import { planSampling } from './plan.ts'
import type { Sampler } from './sampler.ts'
import { samplers } from './samplers/index.ts'

const config = {
  trainTimesteps: 1000,
  betaSchedule: 'scaled_linear',
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainedBetas: null,
  rescaleZeroSnr: false,
  timestepSpacing: 'leading',
  stepsOffset: 1,
  setAlphaToOne: false,
} as const

const shape = [2, 4, 4]
/** Stands for a network: bends each element by its own value and the timestep. */
const predict: Predict = (x, timestep) =>
  Promise.resolve(
    tensor(
      x.shape,
      x.data.map((value) => Math.tanh(value * (0.2 + timestep / 1000))),
    ),
  )

async function run(sampler: SamplerId, more: Partial<LoopOptions> = {}, strength = 1): Promise<StepRecord[]> {
  const plan = planSampling(config, { sampler, schedule: 'karras', steps: 6, strength })
  const noise = seededNoise([7], shape)
  const records: StepRecord[] = []
  const loop = denoisingLoop({ sampler, plan, predict, predictionType: 'epsilon', noise, ...more })
  for await (const record of loop) records.push(record)
  return records
}

/** Through text and back, as a file would. */
function stored(state: SamplingState): SamplingState {
  const text = JSON.stringify(state, (_, value: unknown) =>
    value instanceof Float32Array ? { floats: [...value] } : value,
  )
  return JSON.parse(text, (_, value: { floats?: number[] } | null) =>
    value?.floats ? Float32Array.from(value.floats) : value,
  ) as SamplingState
}

describe.each(SAMPLER_IDS)('%s', (sampler) => {
  test('counts its steps down the plan to a latent in the scale of the data', async () => {
    const plan = planSampling(config, { sampler, schedule: 'karras', steps: 6 })
    const records = await run(sampler)
    const { hasOwnLevels = false }: Sampler = samplers[sampler]
    const steps = records.map(({ step }) => step)
    if (!hasOwnLevels) {
      expect(steps).toEqual([1, 2, 3, 4, 5, 6])
      expect(records.map(({ sigma }) => sigma)).toEqual(plan.sigmas.slice(1))
    }
    expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    expect(steps.indexOf(6)).toBe(records.length - 1)
    expect(records.every((record) => record.steps === 6)).toBe(true)
    for (const { sigma, latent, state } of records) expect(latent).toEqual(scaled(state.x, 1 / Math.hypot(1, sigma)))
    const last = records.at(-1)
    expect(last?.latent.shape).toEqual([1, ...shape])
    expect(last?.latent.data.every(Number.isFinite)).toBe(true)
  })

  test.each([
    ['', {}],
    [' with churn and eta', { eta: 0.7, churn: { amount: 1.5 } }],
  ])('stopped after any step and stored, goes on to the same bytes%s', async (_, settings) => {
    const whole = await run(sampler, settings)
    for (const [k, { state }] of whole.entries()) {
      const rest = await run(sampler, { ...settings, resume: stored(state) })
      expect(rest).toEqual(whole.slice(k + 1))
    }
  })

  test('a batch gives each picture what it gets alone, or is refused', async () => {
    const alone = await Promise.all(
      [11, 12, 13].map(async (seed) => (await run(sampler, { noise: seededNoise([seed], shape) })).at(-1)?.latent),
    )
    const three = run(sampler, { noise: seededNoise([11, 12, 13], shape) })
    const { hasOwnPace = false }: Sampler = samplers[sampler]
    if (hasOwnPace) {
      await expect(three).rejects.toThrow('expected one picture, found 3')
      return
    }
    const batch = (await three).at(-1)?.latent ?? tensor([0])
    expect(batch.shape).toEqual([3, ...shape])
    for (const [row, latent] of alone.entries()) expect(sliceBatch(batch, row, row + 1)).toEqual(latent)
  })
})

describe('from a picture', () => {
  const clean = gaussianNoise(100, 0, [1, ...shape])

  test('noise is added at the first level that is left', async () => {
    const plan = planSampling(config, { sampler: 'euler', schedule: 'karras', steps: 6, strength: 0.5 })
    const seen: Parameters<Predict>[] = []
    const watched: Predict = (...input) => {
      seen.push(input)
      return predict(...input)
    }
    const records = await run('euler', { clean, predict: watched }, 0.5)
    expect(records).toHaveLength(3)
    const sigma = plan.sigmas[0] ?? NaN
    const start = weightedSum([1, clean], [sigma, gaussianNoise(7, 0, [1, ...shape])])
    expect(seen[0]?.slice(0, 2)).toEqual([scaled(start, 1 / Math.hypot(1, sigma)), plan.timesteps[0]])
  })

  test('strength 1 is text-to-image but for what is left of the picture under the noise', async () => {
    const black = tensor([1, ...shape])
    for (const sampler of SAMPLER_IDS) {
      const plan = planSampling(config, { sampler, schedule: 'karras', steps: 6 })
      // text-to-image with the start that diffusers' add_noise gives: sigma * n
      const text = await run(sampler, { plan: { ...plan, initialScale: plan.sigmas[0] ?? NaN } })
      expect(await run(sampler, { clean: black })).toEqual(text)
    }
  })

  test('an input latent of another size is refused', async () => {
    const run4x4 = run('euler', { clean: gaussianNoise(1, 0, [1, 2, 8, 8]) })
    await expect(run4x4).rejects.toThrow('expected an input latent of shape [1, 2, 4, 4], found [1, 2, 8, 8]')
  })
})

test('a state of a longer run is refused', async () => {
  const resume = { step: 7, x: tensor([1, ...shape]), memory: [] }
  await expect(run('euler', { resume })).rejects.toThrow('expected a state after 0 to 6 steps, found 7')
})

test('draw 0 is the start, draw k + 1 the noise of step k, also after a stop', async () => {
  const draws: number[] = []
  const source = seededNoise([7], shape)
  const noise = (draw: number) => {
    draws.push(draw)
    return source(draw)
  }
  const records = await run('euler-ancestral', { noise })
  // the last step ends clean and needs none
  expect(draws.splice(0)).toEqual([0, 1, 2, 3, 4, 5])
  await run('euler-ancestral', { noise, resume: records[2]?.state ?? { step: 0, x: source(0), memory: [] } })
  expect(draws).toEqual([4, 5])
})

test('each seed of a batch draws its own noise', () => {
  const draw = seededNoise([4, 5], shape)(2)
  expect(draw.shape).toEqual([2, ...shape])
  expect(sliceBatch(draw, 1, 2)).toEqual(gaussianNoise(5, 2, [1, ...shape]))
})

describe('a mask', () => {
  const size = [1, ...shape]
  const clean = gaussianNoise(3, 0, size)
  const mask = tensor(
    [1, 1, 4, 4],
    Float32Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 1 : 0)),
  )
  const isKept = (i: number) => mask.data[i % 16] === 0

  test.each(SAMPLER_IDS)('keeps the input picture where it is 0 and repaints where it is 1: %s', async (sampler) => {
    const latent = (await run(sampler, { clean, mask })).at(-1)?.latent.data ?? new Float32Array()
    const differences = [...latent].map((value, i) => Math.abs(value - (clean.data[i] ?? NaN)))
    expect(Math.max(...differences.filter((_, i) => isKept(i)))).toBeLessThan(1e-6)
    expect(Math.min(...differences.filter((_, i) => !isKept(i)))).toBeGreaterThan(1e-4)
  })

  test('keeps what is kept on its own way from the noise, as setting it back after every step does', async () => {
    const noise = gaussianNoise(7, 0, size)
    for (const { step, steps, state, sigma } of await run('ddim', { clean, mask })) {
      if (step === steps) continue
      const own = weightedSum([1, clean], [sigma, noise])
      const differences = [...state.x.data].map((value, i) => (isKept(i) ? Math.abs(value - (own.data[i] ?? NaN)) : 0))
      expect(Math.max(...differences)).toBeLessThan(1e-4)
    }
  })

  test('filled with noise is told nothing of the picture it repaints; else the start holds it', async () => {
    const other = tensor(
      size,
      clean.data.map((value, i) => (isKept(i) ? value : value + 1)),
    )
    const result = async (picture: Tensor, isFilledWithNoise: boolean) =>
      (await run('ddim', { clean: picture, mask, isFilledWithNoise }, 0.5)).at(-1)?.latent.data
    expect(await result(other, true)).toEqual(await result(clean, true))
    expect(await result(other, false)).not.toEqual(await result(clean, false))
  })
})
