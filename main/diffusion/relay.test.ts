import { describe, expect, test } from 'vitest'
import { SAMPLER_IDS } from '../contract/generation.ts'
import type { SamplerId } from '../contract/generation.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Predict } from './denoise.ts'
import type { StepRecord } from './loop.ts'
import { seededNoise } from './noise-source.ts'
import { planSampling } from './plan.ts'
import { relayed } from './relay.ts'
import type { Relay } from './relay.ts'

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

/** Stands for a network, and counts its calls. */
function network(bend: number) {
  const timesteps: number[] = []
  const predict: Predict = (x, timestep) => {
    timesteps.push(timestep)
    return Promise.resolve(
      tensor(
        x.shape,
        x.data.map((value) => Math.tanh(value * (bend + timestep / 1000))),
      ),
    )
  }
  return { predict, timesteps }
}

async function run(sampler: SamplerId, first: Predict, relay: Relay | null): Promise<StepRecord[]> {
  const plan = planSampling(config, { sampler, schedule: 'karras', steps: 6 })
  const noise = seededNoise([7], [2, 4, 4])
  const records: StepRecord[] = []
  for await (const record of relayed({ sampler, plan, predict: first, predictionType: 'epsilon', noise }, relay)) {
    records.push(record)
  }
  return records
}

describe.each(SAMPLER_IDS)('%s', (sampler) => {
  test('relayed to the same network is the uninterrupted run', async () => {
    const { predict } = network(0.2)
    const next = () => Promise.resolve({ predict, predictionType: 'epsilon' as const })
    const whole = await run(sampler, predict, null)
    expect(await run(sampler, predict, { step: 4, next })).toEqual(whole)
  })
})

test('the second network has the steps from where it takes over, and no others', async () => {
  const [first, second] = [network(0.2), network(0.4)]
  const next = () => Promise.resolve({ predict: second.predict, predictionType: 'epsilon' as const })
  const records = await run('euler', first.predict, { step: 4, next })
  expect(records.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6])
  expect([first.timesteps.length, second.timesteps.length]).toEqual([4, 2])
  expect(Math.max(...second.timesteps)).toBeLessThan(Math.min(...first.timesteps))
})

test.each([
  [0, 0, 6],
  [6, 6, 0],
])('taking over after step %d, the first has %d steps and the second %d', async (step, own, others) => {
  const [first, second] = [network(0.2), network(0.4)]
  const next = () => Promise.resolve({ predict: second.predict, predictionType: 'epsilon' as const })
  expect(await run('euler', first.predict, { step, next })).toHaveLength(6)
  expect([first.timesteps.length, second.timesteps.length]).toEqual([own, others])
})
