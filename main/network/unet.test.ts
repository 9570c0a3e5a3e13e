import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import type { UnetConfig } from '../checkpoint/config.ts'
import { openCheckpoint } from '../checkpoint/open.ts'
import type { Component } from '../checkpoint/weights.ts'
import { loadNetwork } from '../runtime/network.ts'
import type { LoadOptions } from '../runtime/network.ts'
import { concatBatch } from '../tensor/batch.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { buildUnet } from './unet.ts'

const MODEL = join(import.meta.dirname, '../../bench/parity/fixtures/tiny-sd1-ldm/model.safetensors')

let component: Component<UnetConfig>

beforeAll(async () => {
  component = (await openCheckpoint(MODEL)).unet
})

/** The network as a function of sample, timesteps and context. */
async function loaded(options: LoadOptions = {}) {
  const network = await loadNetwork(buildUnet(component), options)
  onTestFinished(() => network.release())
  return async (sample: Tensor, timesteps: number[], context: Tensor): Promise<Tensor> => {
    const timestep = tensor([timesteps.length], Float32Array.from(timesteps))
    const { prediction } = await network.run({ sample, timestep, context })
    if (!prediction) throw new Error('expected a prediction')
    return prediction
  }
}

function inputs(batch: number, height: number, width: number, tokens = 77): [Tensor, Tensor] {
  return [gaussianNoise(1, 0, [batch, 4, height, width]), gaussianNoise(2, 0, [batch, tokens, 32])]
}

function difference(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape)
  return a.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b.data[i] ?? NaN))), 0)
}

const SIZES: [number, number][] = [
  [16, 16],
  [13, 11],
  [9, 24],
  [65, 8],
]

test.for(SIZES)('a latent of %i by %i cells gives a prediction of its size', async ([height, width]) => {
  const unet = await loaded()
  const [sample, context] = inputs(1, height, width)
  const prediction = await unet(sample, [500], context)
  expect(prediction.shape).toEqual([1, 4, height, width])
  expect(prediction.data.every(Number.isFinite)).toBe(true)
})

test('items of a batch do not touch each other, and each has its own timestep', async () => {
  const unet = await loaded()
  const [first, context] = inputs(1, 8, 16)
  const second = gaussianNoise(3, 0, [1, 4, 8, 16])
  const otherContext = gaussianNoise(4, 0, [1, 77, 32])
  const both = await unet(concatBatch(first, second), [981, 3], concatBatch(context, otherContext))
  const apart = concatBatch(await unet(first, [981], context), await unet(second, [3], otherContext))
  expect(difference(both, apart)).toBeLessThan(1e-5)
})

test('prompts of one chunk and of several run through the same graph', async () => {
  const unet = await loaded()
  for (const tokens of [1, 77, 231]) {
    const [sample, context] = inputs(1, 8, 8, tokens)
    expect((await unet(sample, [1], context)).data.every(Number.isFinite)).toBe(true)
  }
})

test('weights left as they are stored predict the same', async () => {
  const [fast, small] = [await loaded(), await loaded({ memory: 'small' })]
  const [sample, context] = inputs(2, 16, 16)
  expect(difference(await small(sample, [999, 0], context), await fast(sample, [999, 0], context))).toBeLessThan(2e-5)
})

test('a fractional timestep is not rounded', async () => {
  const unet = await loaded()
  const [sample, context] = inputs(1, 8, 8)
  const between = await unet(sample, [500.5], context)
  expect(difference(between, await unet(sample, [500], context))).toBeGreaterThan(1e-3)
  expect(difference(between, await unet(sample, [501], context))).toBeGreaterThan(1e-3)
})
