import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import type { Checkpoint } from '../checkpoint/open.ts'
import { loadNetwork } from '../runtime/network.ts'
import type { Feed } from '../runtime/network.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { buildAutoencoderDecoder, buildAutoencoderEncoder } from './autoencoder.ts'
import { buildTextEncoder } from './text-encoder.ts'
import { buildUnet } from './unet.ts'

const STARTER = join(import.meta.dirname, '../../resources/models/starter')

interface Known {
  readonly shape: readonly number[]
  /** Values of each end. */
  readonly first: readonly number[]
  readonly last: readonly number[]
  /** Of magnitudes. */
  readonly sum: number
}

interface Reference {
  readonly timestep: number
  readonly prompts: readonly {
    readonly prompt: string
    readonly ids: readonly number[]
    readonly hidden: Known
    readonly prediction: Known
  }[]
  readonly decoded: Known
  readonly encoded: Known
}

/**
 * What PyTorch computes from the built-in model: float32 from its half-precision weights. Written by
 * resources/models/starter/training/reference.py, whose networks gave diffusers 0.30.3's numbers for the first weights.
 */
const reference = JSON.parse(readFileSync(join(import.meta.dirname, 'starter-reference.json'), 'utf8')) as Reference

let checkpoint: Checkpoint

beforeAll(async () => {
  checkpoint = await openCheckpoint(STARTER)
})

async function computed(graph: OnnxGraph, feeds: Record<string, Feed>, output: string): Promise<Tensor> {
  const network = await loadNetwork(graph)
  onTestFinished(() => network.release())
  const found = (await network.run(feeds))[output]
  if (!found) throw new Error(`expected the output ${output}`)
  return found
}

/** sin(i · rate) in C order */
function wave(shape: readonly number[], rate: number): Tensor {
  const { data } = tensor(shape)
  return tensor(
    shape,
    data.map((_, i) => Math.sin(i * rate)),
  )
}

function hidden(ids: readonly number[]): Promise<Tensor> {
  const feeds = { input_ids: { shape: [1, ids.length], data: BigInt64Array.from(ids, BigInt) } }
  return computed(buildTextEncoder(checkpoint.textEncoders[0]), feeds, 'context')
}

function expectKnown({ shape, data }: Tensor, { first, last, sum, ...known }: Known): void {
  expect(shape).toEqual(known.shape)
  expectClose(data.slice(0, first.length), first)
  expectClose(data.slice(-last.length), last)
  // Relative, since thousands of roundings add up.
  const found = data.reduce((total, value) => total + Math.abs(value), 0)
  expect(Math.abs(found / sum - 1)).toBeLessThan(1e-6)
}

function expectClose(found: Float32Array, expected: readonly number[]): void {
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 5)
}

describe.for(reference.prompts)('"$prompt"', ({ ids, ...known }) => {
  test('the hidden states', async () => {
    expectKnown(await hidden(ids), known.hidden)
  })

  test('the prediction', async () => {
    const timestep = tensor([1], Float32Array.of(reference.timestep))
    const feeds = { sample: wave([1, 4, 32, 32], 0.01), timestep, context: await hidden(ids) }
    expectKnown(await computed(buildUnet(checkpoint.unet), feeds, 'prediction'), known.prediction)
  })
})

test('the decoded picture', async () => {
  const feeds = { latent: wave([1, 4, 32, 32], 0.01) }
  expectKnown(await computed(buildAutoencoderDecoder(checkpoint.autoencoder), feeds, 'image'), reference.decoded)
})

test('the mean of an encoded picture', async () => {
  const feeds = { image: wave([1, 3, 128, 128], 0.001) }
  expectKnown(await computed(buildAutoencoderEncoder(checkpoint.autoencoder), feeds, 'mean'), reference.encoded)
})
