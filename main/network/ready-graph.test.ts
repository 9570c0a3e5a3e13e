import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readGraphFile } from '../checkpoint/onnx/graph-file.ts'
import { StudioError } from '../contract/failure.ts'
import { loadNetwork } from '../runtime/network.ts'
import { philox } from '../tensor/philox.ts'
import { tensor } from '../tensor/tensor.ts'
import { encodeModel, encodeNode } from './onnx/model.ts'
import type { OnnxModel, OnnxNode } from './onnx/model.ts'
import { WireMessage } from './onnx/wire.ts'
import { ReadyGraph } from './ready-graph.ts'
import { readyUnet } from './ready-networks.ts'

const SIZE = 1024

/** y = x · 2 + weight, in a file: the weight large enough to stay where it lies. */
const MODEL: OnnxModel = {
  name: 'test',
  nodes: [node('Mul', ['x', 'two'], 'doubled'), node('Add', ['doubled', 'weight'], 'y')],
  initializers: [
    { name: 'two', type: 'float', shape: [], data: bytesOf([2]) },
    { name: 'weight', type: 'float', shape: [SIZE], data: bytesOf(Array.from({ length: SIZE }, (_, i) => i)) },
  ],
  inputs: [{ name: 'x', type: 'float', shape: ['n', SIZE] }],
  outputs: [{ name: 'y', type: 'float', shape: ['n', SIZE] }],
}

function node(type: string, inputs: string[], output: string, domain = ''): OnnxNode {
  return { name: output, type, domain, inputs, outputs: [output], attributes: {} }
}

function bytesOf(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer)
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ready-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function fileOf(bytes: Uint8Array, folder?: string): Promise<string> {
  const path = join(folder ?? (await temporaryFolder()), 'model.onnx')
  await writeFile(path, bytes)
  return path
}

/** The model with its weight in a file beside it. */
function withExternal(place: Readonly<Record<string, string>>): Uint8Array {
  const tensorMessage = new WireMessage().int(1, SIZE).int(2, 1).text(8, 'weight')
  for (const [key, value] of Object.entries(place)) {
    tensorMessage.message(13, new WireMessage().text(1, key).text(2, value))
  }
  const graph = new WireMessage()
  for (const one of MODEL.nodes) graph.message(1, encodeNode(one))
  graph.message(5, tensorMessage.int(14, 1))
  return new WireMessage().int(1, 8).message(7, graph).message(8, new WireMessage().text(1, '').int(2, 17)).finish()
}

test('a graph runs between values of other names, its weights where they lie in its file', async () => {
  const path = await fileOf(encodeModel(MODEL))
  const graph = new ReadyGraph('test', await readGraphFile(path))
  expect(graph.file.weights).toMatchObject([{ name: 'weight', shape: [SIZE], file: path, sizeBytes: 4 * SIZE }])
  graph.feed('x', graph.input('sample', 'float', ['n', SIZE]))
  graph.output('x', graph.result('y'), ['n', SIZE])
  const finished = graph.finish()
  expect(finished.bytes.length).toBeLessThan(1000)
  const network = await loadNetwork(finished, { threads: 1 })
  onTestFinished(() => network.release())
  const { x } = await network.run({ sample: tensor([1, SIZE], new Float32Array(SIZE).fill(3)) })
  expect(x?.data).toEqual(Float32Array.from({ length: SIZE }, (_, i) => 6 + i))
})

test('an input that nothing feeds is named', async () => {
  const graph = new ReadyGraph('test', await readGraphFile(await fileOf(encodeModel(MODEL))))
  graph.output('out', graph.result('y'), null)
  expect(() => graph.finish()).toThrow('found x besides')
  expect(() => graph.result('z')).toThrow("expected the test's z, found y")
})

test('a U-Net that is told the guidance scale is told it', async () => {
  const inputs = ['sample', 'timestep', 'encoder_hidden_states', 'timestep_cond'].map((name, i) => ({
    name,
    type: 'float' as const,
    shape: [['n', 1, 'h', 'w'], [], ['n', 't', 8], ['n', 4]][i] ?? [],
  }))
  const spread = { ...node('Unsqueeze', ['timestep_cond', 'axes'], 'spread'), attributes: {} }
  const pooled = { ...node('ReduceMean', ['spread', 'last'], 'mean'), attributes: { keepdims: 1 } }
  const axes = { name: 'axes', type: 'int64', shape: [1], data: new Uint8Array(BigInt64Array.of(1n).buffer) } as const
  const last = { name: 'last', type: 'int64', shape: [1], data: new Uint8Array(BigInt64Array.of(2n).buffer) } as const
  const unsqueezed = node('Unsqueeze', ['mean', 'last'], 'image')
  const bytes = encodeModel({
    name: 'unet',
    nodes: [spread, pooled, unsqueezed, node('Add', ['sample', 'image'], 'out_sample')],
    initializers: [axes, last],
    inputs,
    outputs: [{ name: 'out_sample', type: 'float', shape: ['n', 1, 'h', 'w'] }],
  })
  const network = await loadNetwork(readyUnet(await readGraphFile(await fileOf(bytes))), { threads: 1 })
  onTestFinished(() => network.release())
  const { prediction } = await network.run({
    sample: tensor([1, 1, 1, 2], Float32Array.of(1, 2)),
    timestep: tensor([1]),
    context: tensor([1, 1, 8]),
    guidance: tensor([1, 4], Float32Array.of(4, 4, 8, 8)),
  })
  expect(prediction?.data).toEqual(Float32Array.of(7, 8))
})

describe('a file that is refused', () => {
  test.each<[why: string, model: Partial<OnnxModel>]>([
    ['found Run of "my.ops"', { nodes: [node('Run', ['x'], 'y', 'my.ops')] }],
    ['expected tensor two once, found it twice', { initializers: [...MODEL.initializers, ...MODEL.initializers] }],
  ])('%s', async (why, model) => {
    await expect(readGraphFile(await fileOf(encodeModel({ ...MODEL, ...model })))).rejects.toThrow(why)
  })

  test.each<[why: string, field: number, inner: WireMessage]>([
    ['found those of "my.ops"', 8, new WireMessage().text(1, 'my.ops').int(2, 1)],
    ['found functions of its own', 25, new WireMessage().text(1, 'f')],
    ['expected operator set 11 or later, found 9', 8, new WireMessage().text(1, '').int(2, 9)],
    ['expected one graph, found two', 7, new WireMessage().text(2, 'again')],
  ])('%s', async (why, field, inner) => {
    const bytes = Buffer.concat([encodeModel(MODEL), new WireMessage().message(field, inner).finish()])
    await expect(readGraphFile(await fileOf(bytes))).rejects.toThrow(why)
  })

  test('a constant of an operator that lies in another file', async () => {
    const place = new WireMessage().text(1, 'location').text(2, '/etc/hostname')
    const attribute = new WireMessage().text(1, 'value').message(5, new WireMessage().message(13, place))
    const inner = new WireMessage().text(2, 'y').text(4, 'Constant').message(5, attribute)
    const graph = new WireMessage().message(1, inner)
    const bytes = new WireMessage().message(7, graph).message(8, new WireMessage().int(2, 17)).finish()
    await expect(readGraphFile(await fileOf(bytes))).rejects.toThrow('found it in another file')
  })

  test.each(['../weights', '/etc/hostname', 'C:/weights', 'a/../../weights', 'a\\weights', '.', ''])(
    'weights at "%s"',
    async (location) => {
      const path = await fileOf(withExternal({ location }))
      await expect(readGraphFile(path)).rejects.toThrow("expected its weights in a file of the model's folder")
    },
  )

  test.each<[why: string, place: Record<string, string>]>([
    ['expected 4096 bytes at byte 4 of ', { location: 'weights', offset: '4' }],
    ['expected 4096 bytes for shape [1024], found 8', { location: 'weights', length: '8' }],
    ['offset: expected a number of bytes, found "-4"', { location: 'weights', offset: '-4' }],
    ['expected the weights file others, found none', { location: 'others' }],
    ['expected the weights file folder, found none', { location: 'folder' }],
  ])('%s', async (why, place) => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'folder'))
    await writeFile(join(folder, 'weights'), new Uint8Array(4 * SIZE))
    await expect(readGraphFile(await fileOf(withExternal(place), folder))).rejects.toThrow(why)
  })
})

test('weights in the blobs of a Hugging Face cache are found through their links', async () => {
  const root = join(await temporaryFolder(), 'models--someone--model')
  await mkdir(join(root, 'snapshots/1/unet'), { recursive: true })
  await mkdir(join(root, 'blobs'))
  await writeFile(join(root, 'blobs/abc'), new Uint8Array(4 * SIZE))
  await symlink('../../../blobs/abc', join(root, 'snapshots/1/unet/model.onnx_data'))
  const path = await fileOf(withExternal({ location: 'model.onnx_data' }), join(root, 'snapshots/1/unet'))
  const { weights } = await readGraphFile(path)
  expect(weights[0]?.file.endsWith(join('blobs', 'abc'))).toBe(true)
})

test('five hundred damaged files each end in a sentence or a sound reading', { timeout: 60_000 }, async () => {
  const folder = await temporaryFolder()
  const sound = encodeModel(MODEL)
  const path = join(folder, 'model.onnx')
  let refused = 0
  for (let i = 0; i < 500; i++) {
    const [kind, place, value] = philox([i, 0, 0, 0], [1, 2])
    const bytes = Uint8Array.from(sound)
    // The weight's bytes may be anything: damage is done to the rest.
    const at = place % 2 === 0 ? place % 120 : sound.length - 1 - (place % 120)
    bytes[at] = value & 255
    await writeFile(path, kind % 4 === 0 ? bytes.subarray(0, at) : bytes)
    const failure = await readGraphFile(path).then(
      () => null,
      (error: unknown) => error,
    )
    if (failure === null) continue
    expect(failure).toBeInstanceOf(StudioError)
    refused++
  }
  expect(refused).toBeGreaterThan(100)
})
