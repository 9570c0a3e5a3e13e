import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { StudioError } from '../contract/failure.ts'
import { encodeModel } from '../network/onnx/model.ts'
import type { OnnxModel, OnnxNode } from '../network/onnx/model.ts'
import { tensor } from '../tensor/tensor.ts'
import type { OnnxGraph } from './graph.ts'
import { memoryUseFor } from './memory.ts'
import { executionProviders, loadNetwork, runtimeVersion } from './network.ts'

const LENGTH = 4

let file: string

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runtime-'))
  file = join(folder, 'weights.bin')
  await writeFile(file, new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer))
  return () => rm(folder, { recursive: true })
})

function graphOf(parts: Partial<OnnxModel>, regions: OnnxGraph['regions'] = []): OnnxGraph {
  const bytes = encodeModel({ name: 'test', nodes: [], initializers: [], inputs: [], outputs: [], ...parts })
  return { name: 'test network', bytes, weightsFolder: join(file, '..'), regions, inputs: ['x'], outputs: ['y'] }
}

function node(type: string, inputs: string[], name = `block.1/${type}_0`): OnnxNode {
  return { name, type, domain: '', inputs, outputs: ['y'], attributes: {} }
}

/** y = x + w, with w the file's four numbers. */
function sum(): OnnxGraph {
  const length = LENGTH * 4
  return graphOf(
    {
      nodes: [node('Add', ['x', 'w'])],
      initializers: [
        { name: 'w', type: 'float', shape: [LENGTH], data: { location: 'weights.bin', offset: 0, length } },
      ],
      inputs: [{ name: 'x', type: 'float', shape: ['n', LENGTH] }],
      outputs: [{ name: 'y', type: 'float', shape: null }],
    },
    [{ tensor: 'w', file, offset: 0, length, values: LENGTH }],
  )
}

async function failureOf(action: Promise<unknown>): Promise<StudioError> {
  try {
    await action
  } catch (error) {
    if (error instanceof StudioError) return error
    throw error
  }
  throw new Error('expected a failure')
}

test('a network computes from weights in the file', async () => {
  const network = await loadNetwork(sum(), { threads: 1 })
  onTestFinished(() => network.release())
  const { y } = await network.run({ x: tensor([2, LENGTH], Float32Array.of(0, 0, 0, 0, 10, 10, 10, 10)) })
  expect(y).toEqual({ shape: [2, LENGTH], data: Float32Array.of(1, 2, 3, 4, 11, 12, 13, 14) })
})

test('a network in pieces computes what the whole does, each piece fed by those before', async () => {
  const whole = sum()
  const value = (name: string) => ({ name, type: 'float', shape: null }) as const
  const piece = (inputs: string[], nodeInputs: string[], output: string) => {
    const { bytes } = graphOf(
      {
        nodes: [{ ...node('Add', nodeInputs), outputs: [output] }],
        inputs: inputs.map(value),
        outputs: [value(output)],
      },
      whole.regions,
    )
    return { bytes, inputs, outputs: [output] }
  }
  const twice = piece(['x'], ['x', 'x'], 'x2')
  const network = await loadNetwork(
    { ...whole, pieces: [twice, piece(['x2', 'x'], ['x2', 'x'], 'y')] },
    { memory: 'fast' },
  )
  onTestFinished(() => network.release())
  expect(await network.run({ x: tensor([LENGTH], Float32Array.of(1, 2, 3, 4)) })).toEqual({
    y: { shape: [LENGTH], data: Float32Array.of(3, 6, 9, 12) },
  })
})

test('progress is the share of the weights read, up to all of them', async () => {
  const shares: number[] = []
  const network = await loadNetwork(sum(), { onProgress: (share) => shares.push(share) })
  await network.release()
  expect(shares).toEqual([1])
})

test('weights read one after the other and from several places count together', async () => {
  const [whole] = sum().regions
  if (!whole) throw new Error('expected a region')
  const halves = [8, 0].map((offset) => ({ ...whole, offset, length: 4, values: 1 }))
  const shares: number[] = []
  await (await loadNetwork({ ...sum(), regions: halves }, { onProgress: (share) => shares.push(share) })).release()
  expect(shares).toEqual([0.5, 1])
})

describe('what cannot be loaded', () => {
  test('a file cut short names the tensor, where it should end and where the file does', async () => {
    await truncate(file, 15)
    const failure = await failureOf(loadNetwork(sum()))
    expect(failure.code).toBe('checkpoint-unsupported')
    expect(failure.message).toBe(`${file}: tensor w: expected its bytes to end at 16, found a file of 15 bytes`)
  })

  test('a file that is gone is a missing model', async () => {
    await rm(file)
    const failure = await failureOf(loadNetwork(sum()))
    expect(failure.code).toBe('model-missing')
    expect(failure.message).toContain(file)
  })

  test('a graph the runtime refuses is a fault of the studio, with the runtime’s words', async () => {
    const x = { name: 'x', type: 'float', shape: [1] } as const
    const graph = graphOf({ nodes: [node('NoSuchOperator', ['x'])], inputs: [x], outputs: [{ ...x, name: 'y' }] })
    const failure = await failureOf(loadNetwork(graph))
    expect(failure.code).toBe('internal')
    expect(failure.message).toMatch(/^the runtime refused the test network: .*NoSuchOperator/)
  })

  test('a weight the runtime cannot place is a fault of the checkpoint', async () => {
    const graph = { ...sum(), weightsFolder: join(file, '..', 'elsewhere') }
    const failure = await failureOf(loadNetwork(graph))
    expect(failure.code).toBe('checkpoint-unsupported')
    expect(failure.message).toBe(`${file}: tensor w: the runtime could not take it in`)
    expect(failure.cause).toBeInstanceOf(Error)
  })
})

describe('what cannot be run', () => {
  test('more memory than there is says where in the network, and the network runs on', async () => {
    const graph = graphOf({
      nodes: [node('ConstantOfShape', ['x'], 'mid_block.attentions.0/ConstantOfShape_0')],
      inputs: [{ name: 'x', type: 'int64', shape: ['rank'] }],
      outputs: [{ name: 'y', type: 'float', shape: null }],
    })
    const network = await loadNetwork(graph)
    onTestFinished(() => network.release())
    const failure = await failureOf(network.run({ x: { shape: [2], data: BigInt64Array.of(10n ** 7n, 10n ** 7n) } }))
    expect(failure.code).toBe('out-of-memory')
    expect(failure.message).toBe('not enough memory to run the test network at mid_block.attentions.0')
    const { y } = await network.run({ x: { shape: [2], data: BigInt64Array.of(1n, 2n) } })
    expect(y).toEqual(tensor([1, 2]))
  })

  test('misshapen inputs are told apart by name, found and expected', async () => {
    const network = await loadNetwork(sum())
    onTestFinished(() => network.release())
    const failure = await failureOf(network.run({ x: tensor([1, 5]) }))
    expect(failure.code).toBe('internal')
    expect(failure.message).toMatch(/the test network failed: .*input: x .*Got: 5 Expected: 4/s)
  })
})

describe('memory', () => {
  const network = (values: number) => ({
    ...sum(),
    regions: [{ tensor: 'w', file, offset: 0, length: values * 2, values }],
  })
  const GIB = 2 ** 30

  test.for<[size: string, values: number, gib: number, expected: string]>([
    ['the built-in U-Net', 21e6, 2, 'fast'],
    ['the U-Net of Stable Diffusion 1', 860e6, 8, 'fast'],
    ['the U-Net of Stable Diffusion 1', 860e6, 6, 'small'],
    ['the U-Net of Stable Diffusion XL', 2567e6, 16, 'small'],
    ['the U-Net of Stable Diffusion XL', 2567e6, 24, 'fast'],
  ])('%s (%d values) with %d GiB free: %s', ([, values, gib, expected]) => {
    expect(memoryUseFor(network(values), gib * GIB)).toBe(expected)
  })

  test('a network says how it was loaded', async () => {
    for (const memory of ['fast', 'small'] as const) {
      const loaded = await loadNetwork(sum(), { memory })
      await loaded.release()
      expect(loaded.memory).toBe(memory)
    }
  })
})

test('the runtime has a version and computes on the processor at least', () => {
  expect(runtimeVersion).toMatch(/^\d+\.\d+\.\d+/)
  expect(executionProviders).toContain('cpu')
})
