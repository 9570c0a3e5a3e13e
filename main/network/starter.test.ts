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

// What diffusers computes from the built-in model: float32 from its half-precision weights.

const STARTER = join(import.meta.dirname, '../../resources/models/starter')
const END_OF_TEXT = 2913
const TOKENS = 32

interface PromptReference {
  readonly prompt: string
  /** Up to the first end of text. */
  readonly ids: readonly number[]
  /** Sum of magnitudes of the hidden states. */
  readonly hiddenSum: number
  readonly lastToken: readonly number[]
  /** Of the prediction at timestep 500. */
  readonly first: readonly number[]
  readonly last: readonly number[]
  readonly predictionSum: number
}

const PROMPTS: readonly PromptReference[] = [
  {
    prompt: 'a red apple',
    ids: [2912, 320, 637, 1075, 2913],
    hiddenSum: 3899.3266,
    lastToken: [0.1097669, 1.3458339, 0.4190127, 1.5511715, 0.4079686, 0.4809517, 0.0453688, 0.241701],
    first: [-0.9099246, -0.9266916, -0.7310922, -0.7834781, -0.8068739, -0.8001826, -0.8262742, -0.869939],
    last: [-0.7016531, -0.6343948, -0.5704722, -0.5423781, -0.5684292, -0.645299, -0.6554828, -0.5433287],
    predictionSum: 1982.3728,
  },
  {
    prompt: 'a fox to the left of a house, sunset, snowy ground',
    ids: [2912, 320, 887, 531, 517, 552, 537, 320, 818, 267, 590, 267, 696, 522, 2913],
    hiddenSum: 4392.7378,
    lastToken: [0.6723957, -0.0477236, -1.1421112, 0.0706521, 2.8356133, 0.761377, 0.7928141, 0.3193611],
    first: [-0.2027167, -0.1917047, -0.043889, -0.0398046, -0.0523477, -0.0491272, -0.0496129, -0.066826],
    last: [-1.0447508, -1.0144627, -1.0060757, -1.0089664, -1.0494548, -1.0915504, -0.9910238, -1.035568],
    predictionSum: 1822.8547,
  },
  {
    prompt: '',
    ids: [2912, 2913],
    hiddenSum: 3955.583,
    lastToken: [0.163539, 1.5554082, 0.6521874, 1.6916026, 0.5923899, 0.5220302, 0.0764694, -0.3242539],
    first: [-0.7208848, -0.7528883, -0.5583005, -0.5892698, -0.5992348, -0.5719713, -0.5729716, -0.5855975],
    last: [-0.553241, -0.5122228, -0.4645574, -0.4279529, -0.4707436, -0.6209002, -0.6753158, -0.6781055],
    predictionSum: 1977.7723,
  },
]

const FIRST_TOKEN = [0.3422623, 0.562999, 0.3382009, 0.2406137, 0.3172449, -0.095943, -0.4294368, 0.4519567]
const DECODED = [-0.1603901, -0.3687005, -0.4058947, -0.4328254, -0.444882, -0.4568223, -0.4620054, -0.4681785]
const DECODED_SUM = 18882.8535
const ENCODED = [0.0091132, -0.054238, -0.0096815, -0.0152367, -0.0170844, -0.0143718, -0.0118864, -0.0095274]
const ENCODED_SUM = 10260.6958

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

function encoded(ids: readonly number[]): Promise<Tensor> {
  const padded = Array.from({ length: TOKENS }, (_, i) => BigInt(ids[i] ?? END_OF_TEXT))
  const feeds = { input_ids: { shape: [1, TOKENS], data: BigInt64Array.from(padded) } }
  return computed(buildTextEncoder(checkpoint.textEncoders[0]), feeds, 'context')
}

function expectClose(found: Float32Array, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 5)
}

/** Relative, since thousands of roundings add up. */
function expectSum({ data }: Tensor, expected: number): void {
  const sum = data.reduce((total, value) => total + Math.abs(value), 0)
  expect(Math.abs(sum / expected - 1)).toBeLessThan(1e-6)
}

describe.for(PROMPTS)('"$prompt"', (reference) => {
  test('the hidden states', async () => {
    const states = await encoded(reference.ids)
    expectClose(states.data.slice(0, 8), FIRST_TOKEN)
    const width = states.shape[2] ?? 0
    const last = (TOKENS - 1) * width
    expectClose(states.data.slice(last, last + 8), reference.lastToken)
    expectSum(states, reference.hiddenSum)
  })

  test('the prediction', async () => {
    const context = await encoded(reference.ids)
    const feeds = { sample: wave([1, 4, 32, 32], 0.01), timestep: tensor([1], Float32Array.of(500)), context }
    const prediction = await computed(buildUnet(checkpoint.unet), feeds, 'prediction')
    expectClose(prediction.data.slice(0, 8), reference.first)
    expectClose(prediction.data.slice(-8), reference.last)
    expectSum(prediction, reference.predictionSum)
  })
})

test('the decoded picture', async () => {
  const feeds = { latent: wave([1, 4, 32, 32], 0.01) }
  const image = await computed(buildAutoencoderDecoder(checkpoint.autoencoder), feeds, 'image')
  expect(image.shape).toEqual([1, 3, 128, 128])
  expectClose(image.data.slice(0, 8), DECODED)
  expectSum(image, DECODED_SUM)
})

test('the mean of an encoded picture', async () => {
  const feeds = { image: wave([1, 3, 128, 128], 0.001) }
  const mean = await computed(buildAutoencoderEncoder(checkpoint.autoencoder), feeds, 'mean')
  expect(mean.shape).toEqual([1, 4, 32, 32])
  expectClose(mean.data.slice(0, 8), ENCODED)
  expectSum(mean, ENCODED_SUM)
})
