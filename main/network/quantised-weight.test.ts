import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { q8Blocks } from '../checkpoint/gguf/test-writer.ts'
import { readTensor } from '../checkpoint/safetensors.ts'
import { valueCount } from '../checkpoint/tensor-index.ts'
import type { TensorEntry } from '../checkpoint/tensor-index.ts'
import { loadNetwork } from '../runtime/network.ts'
import { tensor } from '../tensor/tensor.ts'
import { GraphBuilder } from './graph-builder.ts'
import type { Part } from './stored-weight.ts'
import { weightsOf, writeWeights } from './test-weights.ts'

/** A tensor of Q8_0 blocks with scales of every size, from byte 96 of a file. */
async function quantised(shape: number[]): Promise<TensorEntry> {
  const folder = await mkdtemp(join(tmpdir(), 'blocks-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const count = valueCount(shape)
  const values = Float32Array.from({ length: count }, (_, i) => Math.sin(i) * 4 ** ((i / 32) % 9) * 1e-3)
  const bytes = q8Blocks(values)
  // A scale below the smallest normal half.
  bytes.writeUInt16LE(3, 0)
  const [entry] = await writeWeights(join(folder, 'w.gguf'), { w: { dtype: 'Q8_0', shape, bytes } }, 96)
  if (!entry) throw new Error('no entry')
  return entry
}

async function seenBy(entry: TensorEntry, shape: number[], memory: 'fast' | 'small', part?: Part): Promise<number[]> {
  const graph = new GraphBuilder('test', weightsOf([entry]))
  const x = graph.input('x', 'float', ['n', ...shape.slice(1)])
  graph.output('y', graph.root.node('Add', [x, graph.root.weight('w', shape, part)]))
  const network = await loadNetwork(graph.finish(), { memory })
  const { y } = await network.run({ x: tensor(shape) })
  await network.release()
  return [...(y?.data ?? [])]
}

for (const memory of ['fast', 'small'] as const) {
  test(`${memory}: blocks are what their reader says, to the bit`, async () => {
    const entry = await quantised([6, 64])
    const { data } = await readTensor(entry)
    expect(Math.min(...data)).toBeLessThan(0)
    expect(await seenBy(entry, [6, 64], memory)).toEqual([...data])
  })

  test(`${memory}: a convolution's blocks go through its kernel`, async () => {
    const entry = await quantised([32, 4, 3, 3])
    expect(await seenBy(entry, [32, 4, 3, 3], memory)).toEqual([...(await readTensor(entry)).data])
  })

  test(`${memory}: a part is the rows asked for`, async () => {
    const entry = await quantised([6, 64])
    const { data } = await readTensor(entry)
    expect(await seenBy(entry, [2, 64], memory, { index: 1, count: 3 })).toEqual([...data.slice(128, 256)])
  })
}

test('rows of a table are taken by their ids', async () => {
  const entry = await quantised([5, 32])
  const { data } = await readTensor(entry)
  const graph = new GraphBuilder('test', weightsOf([entry]))
  graph.output('y', graph.root.rows('w', [5, 32], graph.input('ids', 'int64', ['n', 't'])))
  const network = await loadNetwork(graph.finish())
  const { y } = await network.run({ ids: { shape: [1, 3], data: BigInt64Array.of(4n, 0n, 4n) } })
  expect(y?.shape).toEqual([1, 3, 32])
  expect([...(y?.data ?? [])]).toEqual([4, 0, 4].flatMap((row) => [...data.slice(32 * row, 32 * row + 32)]))
})

test('a part that would cut a block is refused', async () => {
  const entry = await quantised([32])
  const { root } = new GraphBuilder('test', weightsOf([entry]))
  expect(() => root.weight('w', [16], { index: 1, count: 2 })).toThrow(
    /tensor w: expected rows of whole blocks of 32 values/,
  )
})

test('bytes seen twice count once for the memory plan', async () => {
  const entry = await quantised([6, 64])
  const graph = new GraphBuilder('test', weightsOf([entry]))
  graph.output('y', graph.root.weight('w', [6, 64]))
  expect(graph.finish().regions).toEqual([
    { tensor: 'w.factors', file: entry.file, offset: 96, length: 12 * 34, values: 6 * 64, isInBlocks: true },
  ])
})
