import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import type { UnetConfig } from '../checkpoint/config.ts'
import { openCheckpoint } from '../checkpoint/open.ts'
import { openIpAdapter } from '../checkpoint/parts/ip-adapter.ts'
import type { ImageProjection } from '../checkpoint/parts/ip-adapter.ts'
import { randomFill } from '../checkpoint/parts/test-controlnet.ts'
import type { Fill } from '../checkpoint/parts/test-controlnet.ts'
import { writeIpAdapter } from '../checkpoint/parts/test-image-prompt.ts'
import { SOUND_MODELS, testModels } from '../checkpoint/test-models.ts'
import type { Component } from '../checkpoint/weights.ts'
import { loadNetwork } from '../runtime/network.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { attend } from './attention.ts'
import { GraphBuilder } from './graph-builder.ts'
import { buildImageProjection } from './image-prompt.ts'
import { float32, weightsOf, writeWeights } from './test-weights.ts'
import { attended, dense, gelu, norm, rowsOf, run, sum, weights } from './test-transformer.ts'
import type { Rows } from './test-transformer.ts'
import { buildUnet } from './unet.ts'

const { temporaryFolder } = testModels(onTestFinished)

let base: Component<UnetConfig>

beforeAll(async () => {
  base = (await openCheckpoint(SOUND_MODELS.singleFile)).unet
})

function expectClose(found: Tensor | undefined, expected: Rows): void {
  const values = expected.flat()
  expect(found?.data.length).toBe(values.length)
  expect(values.every(Number.isFinite)).toBe(true)
  for (const [i, value] of values.entries()) expect(found?.data[i]).toBeCloseTo(value, 5)
}

const HIDDEN = gaussianNoise(6, 0, [1, 5, 16])

async function adapter(projection: ImageProjection, fill = randomFill) {
  const path = join(await temporaryFolder(), 'adapter.safetensors')
  await writeIpAdapter(path, { projection, crossAttentionDim: base.config.crossAttentionDim }, base.config, fill)
  return openIpAdapter(path, base.config)
}

test('an adapter of one linear layer makes normed tokens of an embedding', async () => {
  const projection = { kind: 'linear', inSize: 6, tokens: 4 } as const
  const opened = await adapter(projection)
  expect(opened.config.projection).toEqual(projection)
  const features = gaussianNoise(7, 0, [1, 6])
  const { tokens } = await run(buildImageProjection(opened), { features })
  expect(tokens?.shape).toEqual([1, 4, 32])
  const [wide = []] = dense(rowsOf(features), 'image_proj.proj', 128)
  const cut = Array.from({ length: 4 }, (_, i) => wide.slice(32 * i, 32 * (i + 1)))
  expectClose(tokens, norm(cut, 'image_proj.norm'))
})

test('a full adapter makes a token of each token of the hidden layer', async () => {
  const projection = { kind: 'mlp', inSize: 16, hiddenSize: 20 } as const
  const opened = await adapter(projection)
  expect(opened.config.projection).toEqual(projection)
  const { tokens } = await run(buildImageProjection(opened), { features: HIDDEN })
  const hidden = gelu(dense(rowsOf(HIDDEN), 'image_proj.proj.0', 20))
  expectClose(tokens, norm(dense(hidden, 'image_proj.proj.2', 32), 'image_proj.proj.3'))
})

test('a plus adapter asks the hidden layer with learned queries', async () => {
  const sizes = { tokens: 3, width: 24, depth: 2, innerSize: 128, feedForwardSize: 48 }
  const projection = { kind: 'resampler', inSize: 16, ...sizes } as const
  const opened = await adapter(projection)
  expect(opened.config.projection).toEqual(projection)
  const { tokens } = await run(buildImageProjection(opened), { features: HIDDEN })
  const at = (name: string) => `image_proj.${name}`
  const x = dense(rowsOf(HIDDEN), at('proj_in'), 24)
  let latents = rowsOf(tensor([1, 3, 24], Float32Array.from(weights(at('latents'), [1, 3, 24]))))
  for (let i = 0; i < 2; i++) {
    const [attention, forward] = [at(`layers.${i}.0`), at(`layers.${i}.1`)]
    const asking = norm(latents, `${attention}.norm2`)
    const both = dense([...norm(x, `${attention}.norm1`), ...asking], `${attention}.to_kv`, 256, false)
    const [keys, values] = [both.map((row) => row.slice(0, 128)), both.map((row) => row.slice(128))]
    const mixed = attended(dense(asking, `${attention}.to_q`, 128, false), keys, values, 2)
    latents = sum(latents, dense(mixed, `${attention}.to_out`, 24, false))
    const inner = gelu(dense(norm(latents, `${forward}.0`), `${forward}.1`, 48, false))
    latents = sum(latents, dense(inner, `${forward}.3`, 24, false))
  }
  expectClose(tokens, norm(dense(latents, at('proj_out'), 32), at('norm_out')))
})

test('what the query finds among the words and, by the scale, among the picture is added before the last projection', async () => {
  const names = ['to_q', 'to_k', 'to_v', 'to_k_ip.0', 'to_v_ip.0'].map((name) => `attn.${name}.weight`)
  const tensors = Object.fromEntries(names.map((name) => [name, float32([16, 16], weights(name, [16, 16]))]))
  const last = 'attn.to_out.0'
  const out = { [`${last}.weight`]: float32([16, 16], weights(`${last}.weight`, [16, 16])) }
  const bias = { [`${last}.bias`]: float32([16], weights(`${last}.bias`, [16])) }
  const file = join(await temporaryFolder(), 'attention.bin')
  const graph = new GraphBuilder('attention', weightsOf(await writeWeights(file, { ...tensors, ...out, ...bias })))
  const scope = graph.root
  const tokens = (name: string) => ({ rows: graph.input(name, 'float', [name, 16]), width: 16 })
  const scale = graph.input('scale', 'float', [1])
  const mixed = attend(scope.at('attn'), tokens('cells'), tokens('words'), {
    heads: 2,
    batch: scope.ints(1),
    joined: [{ ...tokens('picture'), names: ['to_k_ip.0', 'to_v_ip.0'], scale }],
  })
  graph.output('mixed', mixed)
  const [cells, words, picture] = [
    gaussianNoise(1, 0, [6, 16]),
    gaussianNoise(2, 0, [5, 16]),
    gaussianNoise(3, 0, [4, 16]),
  ]
  const found = await run(graph.finish(), { cells, words, picture, scale: tensor([1], Float32Array.of(0.7)) })
  const project = (x: Tensor, name: string) => dense(rowsOf(x), `attn.${name}`, 16, false)
  const query = project(cells, 'to_q')
  const own = attended(query, project(words, 'to_k'), project(words, 'to_v'), 2)
  const more = attended(query, project(picture, 'to_k_ip.0'), project(picture, 'to_v_ip.0'), 2)
  const both = sum(
    own,
    more.map((row) => row.map((value) => 0.7 * value)),
  )
  expectClose(found['mixed'], dense(both, last, 16))
})

const LINEAR = { kind: 'linear', inSize: 6, tokens: 4 } as const

function inputs() {
  return {
    sample: gaussianNoise(1, 0, [2, 4, 8, 8]),
    timestep: tensor([2], Float32Array.of(500, 500)),
    context: gaussianNoise(2, 0, [2, 77, 32]),
  }
}

test('a picture of weight 0 changes no byte, and several pictures add up', async () => {
  const [first, second] = [await adapter(LINEAR), await adapter({ kind: 'mlp', inSize: 16, hiddenSize: 20 })]
  const tokens = [gaussianNoise(8, 0, [2, 4, 32]), gaussianNoise(9, 0, [2, 5, 32])] as const
  const feeds = (scales: [number, number]) => ({
    ...inputs(),
    'image_tokens.0': tokens[0],
    'image_tokens.1': tokens[1],
    'image_scale.0': tensor([1], Float32Array.of(scales[0])),
    'image_scale.1': tensor([1], Float32Array.of(scales[1])),
  })
  const network = await loadNetwork(buildUnet(base, { adapters: [first, second] }))
  onTestFinished(() => network.release())
  const plain = await run(buildUnet(base), inputs())
  expect(await network.run(feeds([0, 0]))).toEqual(plain)
  const made = await Promise.all([network.run(feeds([1, 0])), network.run(feeds([0, 1])), network.run(feeds([1, 1]))])
  expect(new Set([plain, ...made].map(({ prediction }) => prediction?.data.join())).size).toBe(4)
  const { 'image_tokens.1': _, 'image_scale.1': __, ...alone } = feeds([1, 0])
  expect(await run(buildUnet(base, { adapters: [first] }), alone)).toEqual(made[0])
})

test.each([
  ['1', 'input_blocks.1'],
  ['11', 'input_blocks.8'],
  ['13', 'output_blocks.3'],
  ['29', 'output_blocks.11'],
  ['31', 'middle_block'],
])('attention %s of the file is the one in %s: the way down, the way up, the middle', async (number, place) => {
  const only: Fill = (name, shape) =>
    !name.includes('to_v_ip') || name.startsWith(`ip_adapter.${number}.`) ? randomFill(name, shape) : null
  const network = await loadNetwork(buildUnet(base, { adapters: [await adapter(LINEAR, only)], withTaps: true }))
  onTestFinished(() => network.release())
  const feeds = (scale: number) => ({
    ...inputs(),
    'image_tokens.0': gaussianNoise(8, 0, [2, 4, 32]),
    'image_scale.0': tensor([1], Float32Array.of(scale)),
  })
  const [without, changed] = [await network.run(feeds(0)), await network.run(feeds(1))]
  const order = [
    ...Array.from({ length: 12 }, (_, i) => `input_blocks.${i}`),
    'middle_block',
    ...Array.from({ length: 12 }, (_, i) => `output_blocks.${i}`),
  ]
  const first = order.find((name) => changed[name]?.data.join() !== without[name]?.data.join())
  expect(first).toBe(place)
})
