import * as protobuf from '@bufbuild/protobuf'
import * as wellKnown from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { encodeModel } from './model.ts'
import type { OnnxModel } from './model.ts'
import { attribute, onnxReader } from './test-reader.ts'

const read = onnxReader(protobuf, wellKnown)

const empty: OnnxModel = { name: 'model', nodes: [], initializers: [], inputs: [], outputs: [] }

test('an independent reader finds version, operator sets and graph', () => {
  const model = read(encodeModel({ ...empty, name: 'Netz für Bilder 🎨' }))
  expect(model.irVersion).toBe(10n)
  expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([
    ['', 20n],
    ['com.microsoft', 1n],
  ])
  expect(model.graph.name).toBe('Netz für Bilder 🎨')
})

test('nodes keep their name, type, domain, edges and every kind of attribute', () => {
  const node = {
    name: 'block/Attention_1',
    type: 'MultiHeadAttention',
    domain: 'com.microsoft',
    inputs: ['q', '', 'v'],
    outputs: ['y', 'y:1'],
    attributes: {
      heads: 8,
      axis: -1,
      far: 2 ** 40,
      eps: { float: 1e-6 },
      mode: 'nearest',
      pads: [0, 0, 1, -1],
      none: [],
    },
  }
  const [found] = read(encodeModel({ ...empty, nodes: [node] })).graph.node
  if (!found) throw new Error('expected a node')
  expect(found).toMatchObject({
    name: node.name,
    opType: node.type,
    domain: node.domain,
    input: node.inputs,
    output: node.outputs,
  })
  const [FLOAT, INT, STRING, INTS] = [1, 2, 3, 7]
  expect(attribute(found, 'heads')).toMatchObject({ type: INT, i: 8n })
  expect(attribute(found, 'axis')).toMatchObject({ type: INT, i: -1n })
  expect(attribute(found, 'far')).toMatchObject({ type: INT, i: 2n ** 40n })
  expect(attribute(found, 'eps')).toMatchObject({ type: FLOAT, f: Math.fround(1e-6) })
  expect(attribute(found, 'mode')).toMatchObject({ type: STRING, s: new TextEncoder().encode('nearest') })
  expect(attribute(found, 'pads')).toMatchObject({ type: INTS, ints: [0n, 0n, 1n, -1n] })
  expect(attribute(found, 'none')).toMatchObject({ type: INTS, ints: [] })
})

test('constants carry their bytes, weights the place of theirs', () => {
  const data = new Uint8Array(new Float32Array([1, -2.5]).buffer)
  const place = { location: 'unet/model-00001.safetensors', offset: 5_000_000_001, length: 12 }
  const { initializer } = read(
    encodeModel({
      ...empty,
      initializers: [
        { name: 'constant', type: 'float', shape: [2, 1], data },
        { name: 'weight', type: 'bfloat16', shape: [6], data: place },
      ],
    }),
  ).graph
  const EXTERNAL = 1
  expect(initializer[0]).toMatchObject({ name: 'constant', dataType: 1, dims: [2n, 1n], dataLocation: 0 })
  expect(initializer[0]?.rawData).toEqual(data)
  expect(initializer[1]).toMatchObject({ name: 'weight', dataType: 16, dims: [6n], dataLocation: EXTERNAL })
  expect(initializer[1]?.externalData.map(({ key, value }) => [key, value])).toEqual([
    ['location', 'unet/model-00001.safetensors'],
    ['offset', '5000000001'],
    ['length', '12'],
  ])
})

test('dimensions are numbers, names, or left open altogether', () => {
  const { input, output } = read(
    encodeModel({
      ...empty,
      inputs: [{ name: 'ids', type: 'int64', shape: ['n', 77] }],
      outputs: [{ name: 'tap', type: 'float', shape: null }],
    }),
  ).graph
  expect(input[0]?.type.tensorType.elemType).toBe(7)
  expect(input[0]?.type.tensorType.shape?.dim.map(({ dimParam, dimValue }) => dimParam || dimValue)).toEqual(['n', 77n])
  expect(output[0]?.type.tensorType.shape).toBeUndefined()
})
