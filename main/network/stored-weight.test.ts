import { mkdir, mkdtemp, rm, symlink, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readTensorIndex } from '../checkpoint/file-kind.ts'
import type { TensorEntry } from '../checkpoint/safetensors.ts'
import { writeTensors } from '../checkpoint/test-models.ts'
import { StudioError } from '../contract/failure.ts'
import { loadNetwork } from '../runtime/network.ts'
import { tensor } from '../tensor/tensor.ts'
import { GraphBuilder } from './graph-builder.ts'
import { linear } from './layers.ts'
import type { Part } from './stored-weight.ts'
import { float32, weightsOf, writeWeights } from './test-weights.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weights-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** What a graph gives that adds the weight, or a part of it, to zeros. */
async function seenBy(entries: TensorEntry[], name: string, shape: number[], memory: 'fast' | 'small', part?: Part) {
  const graph = new GraphBuilder('test', weightsOf(entries))
  const x = graph.input('x', 'float', ['n', ...shape.slice(1)])
  graph.output('y', graph.root.node('Add', [x, graph.root.weight(name, shape, part)]))
  const network = await loadNetwork(graph.finish(), { memory })
  const { y } = await network.run({ x: tensor(shape) })
  await network.release()
  return [...(y?.data ?? [])]
}

test('a file written anew since its header was read is refused, though all tensors would lie inside it', async () => {
  const path = join(await temporaryFolder(), 'w.safetensors')
  await writeTensors(path, new Map([['w', float32([4], [1, 2, 3, 4])]]))
  const entries = [...(await readTensorIndex(path)).entries.values()]
  expect(await seenBy(entries, 'w', [4], 'small')).toEqual([1, 2, 3, 4])
  const later = new Date(Date.now() + 5000)
  await utimes(path, later, later)
  await expect(seenBy(entries, 'w', [4], 'small')).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: `${path}: expected the file as it was when it was looked at, found it written anew since; try again`,
  })
})

const halves = (bits: number[]) => new Uint8Array(Uint16Array.from(bits).buffer)

for (const memory of ['fast', 'small'] as const) {
  // A header of any length may precede the data: formats promise no alignment.
  for (const start of [0, 3, 156]) {
    test(`${memory}: every storage type is read as it lies, from byte ${start}`, async () => {
      const entries = await writeWeights(
        join(await temporaryFolder(), 'w.bin'),
        {
          f32: float32([4], [1, -2.5, 3e38, 1e-40]),
          f16: { dtype: 'F16', shape: [4], bytes: halves([0x3c00, 0xc100, 0x7bff, 0x0001]) },
          bf16: { dtype: 'BF16', shape: [4], bytes: halves([0x3f80, 0xc020, 0x7f7f, 0x4049]) },
          f64: { dtype: 'F64', shape: [2], bytes: new Uint8Array(Float64Array.from([0.1, -1e300]).buffer) },
          e4m3: { dtype: 'F8_E4M3', shape: [4], bytes: Uint8Array.of(0x38, 0xc2, 0x7e, 0x01) },
          e5m2: { dtype: 'F8_E5M2', shape: [4], bytes: Uint8Array.of(0x3c, 0xc1, 0x7b, 0x01) },
        },
        start,
      )
      expect(await seenBy(entries, 'f32', [4], memory)).toEqual([...Float32Array.from([1, -2.5, 3e38, 1e-40])])
      expect(await seenBy(entries, 'f16', [4], memory)).toEqual([1, -2.5, 65504, 2 ** -24])
      expect(await seenBy(entries, 'bf16', [4], memory)).toEqual([1, -2.5, 2 ** 127 * (2 - 2 ** -7), 3.140625])
      expect(await seenBy(entries, 'e4m3', [4], memory)).toEqual([1, -2.5, 448, 2 ** -9])
      expect(await seenBy(entries, 'e5m2', [4], memory)).toEqual([1, -2.5, 57344, 2 ** -16])
      expect(await seenBy(entries, 'f64', [2], memory)).toEqual([Math.fround(0.1), -Infinity])
    })
  }
}

test('a part is the rows asked for', async () => {
  const entries = await writeWeights(join(await temporaryFolder(), 'w.bin'), {
    w: float32([4, 2], [0, 1, 2, 3, 4, 5, 6, 7]),
  })
  expect(await seenBy(entries, 'w', [2, 2], 'fast', { index: 1, count: 2 })).toEqual([4, 5, 6, 7])
})

test('a linear layer takes a 1x1 convolution’s weight', async () => {
  const entries = await writeWeights(join(await temporaryFolder(), 'w.bin'), {
    'proj.weight': float32([1, 2, 1, 1], [10, 1]),
  })
  const graph = new GraphBuilder('test', weightsOf(entries))
  graph.output('y', linear(graph.root.at('proj'), graph.input('x', 'float', ['n', 2]), 2, 1))
  const network = await loadNetwork(graph.finish())
  expect([...((await network.run({ x: tensor([1, 2], Float32Array.of(3, 4)) }))['y']?.data ?? [])]).toEqual([34])
})

test('weights in several folders, and behind links, are found', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'blobs', 'deep'), { recursive: true })
  await mkdir(join(folder, 'snapshot'))
  await symlink(join(folder, 'blobs', 'sha'), join(folder, 'snapshot', 'a.bin'))
  const entries = [
    ...(await writeWeights(join(folder, 'snapshot', 'a.bin'), { a: float32([1], [1]) })),
    ...(await writeWeights(join(folder, 'blobs', 'deep', 'b.bin'), { b: float32([1], [2]) })),
  ]
  const graph = new GraphBuilder('test', weightsOf(entries))
  const sum = graph.root.node('Add', [graph.root.weight('a', [1]), graph.root.weight('b', [1])])
  graph.output('y', graph.root.node('Add', [graph.input('x', 'float', [1]), sum]))
  const network = await loadNetwork(graph.finish())
  expect([...((await network.run({ x: tensor([1]) }))['y']?.data ?? [])]).toEqual([3])
})

test('another shape is refused with the tensor, what was expected and what was found', async () => {
  const file = join(await temporaryFolder(), 'w.bin')
  const weights = weightsOf(await writeWeights(file, { 'conv_in.weight': float32([4, 2], Array<number>(8).fill(0)) }))
  const { root } = new GraphBuilder('test', weights)
  const refused = (shape: number[], part?: Part) => () => root.at('conv_in').weight('weight', shape, part)
  const expecting = (shape: string) => `${file}: tensor conv_in.weight: expected shape [${shape}], found [4, 2]`
  expect(refused([4, 3])).toThrow(expecting('4, 3'))
  expect(refused([2, 2])).toThrow(expecting('2, 2'))
  expect(refused([4, 2], { index: 0, count: 2 })).toThrow(expecting('8, 2'))
  expect(refused([2, 4])).toThrow(expecting('2, 4'))
  expect(codeOf(refused([2, 4]))).toBe('checkpoint-unsupported')
})

test('integers are no weights', async () => {
  const bytes = new Uint8Array(8)
  const entries = await writeWeights(join(await temporaryFolder(), 'w.bin'), {
    ids: { dtype: 'I64', shape: [1], bytes },
  })
  const { root } = new GraphBuilder('test', weightsOf(entries))
  expect(() => root.weight('ids', [1])).toThrow(
    /tensor ids: expected one of F32, F16, BF16, F64, F8_E4M3, F8_E5M2, found I64/,
  )
})

test('a file that is gone is a missing model', async () => {
  const file = join(await temporaryFolder(), 'w.bin')
  const graph = new GraphBuilder('test', weightsOf(await writeWeights(file, { w: float32([1], [1]) })))
  graph.root.weight('w', [1])
  await rm(file)
  expect(() => graph.finish()).toThrow(file)
  expect(codeOf(() => graph.finish())).toBe('model-missing')
})

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
  } catch (error) {
    return error instanceof StudioError ? error.code : undefined
  }
  return undefined
}
