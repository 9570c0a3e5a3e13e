import * as protobuf from '@bufbuild/protobuf'
import * as wellKnown from '@bufbuild/protobuf/wkt'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import { buildAutoencoderDecoder, buildAutoencoderEncoder } from './autoencoder.ts'
import { attribute, onnxReader } from './onnx/test-reader.ts'
import type { ReadModel, ReadNode } from './onnx/test-reader.ts'
import { buildTextEncoder } from './text-encoder.ts'
import { buildUnet } from './unet.ts'

// What no comparison of outputs can tell, since it changes them by less than rounding does.

const FIXTURES = join(import.meta.dirname, '../../bench/parity/fixtures')
const read = onnxReader(protobuf, wellKnown)

const places = ['tiny-sd1-ldm/model.safetensors', 'tiny-sd1-diffusers']
describe.for(places)('%s', (place) => {
  let graphs: Record<'unet' | 'text' | 'encoder' | 'decoder', ReadModel['graph']>

  beforeAll(async () => {
    const checkpoint = await openCheckpoint(join(FIXTURES, place))
    graphs = {
      unet: read(buildUnet(checkpoint.unet).bytes).graph,
      text: read(buildTextEncoder(checkpoint.textEncoders[0]).bytes).graph,
      encoder: read(buildAutoencoderEncoder(checkpoint.autoencoder).bytes).graph,
      decoder: read(buildAutoencoderDecoder(checkpoint.autoencoder).bytes).graph,
    }
  })

  test('the U-Net’s group norms have eps 1e-5, but 1e-6 before its transformers', () => {
    const norms = nodes(graphs.unet, 'InstanceNormalization')
    const [inTransformers, others] = split(norms, /attentions\.\d\.norm\//)
    expect(inTransformers).toHaveLength(16)
    expect(others).toHaveLength(2 * 22 + 1)
    expect(new Set(inTransformers.map(epsilon))).toEqual(new Set([Math.fround(1e-6)]))
    expect(new Set(others.map(epsilon))).toEqual(new Set([Math.fround(1e-5)]))
  })

  test('all the autoencoder’s norms have eps 1e-6', () => {
    for (const graph of [graphs.encoder, graphs.decoder]) {
      expect(nodes(graph, 'InstanceNormalization')).toEqual([])
      const added = nodes(graph, 'Sqrt').map((sqrt) => constant(graph, producer(graph, sqrt.input[0])?.input[1]))
      expect(added.length).toBeGreaterThan(20)
      expect(new Set(added)).toEqual(new Set([Math.fround(1e-6)]))
    }
  })

  test('layer norms have eps 1e-5', () => {
    const norms = [...nodes(graphs.unet, 'LayerNormalization'), ...nodes(graphs.text, 'LayerNormalization')]
    expect(norms).toHaveLength(3 * 16 + 2 * 3 + 1)
    expect(new Set(norms.map(epsilon))).toEqual(new Set([Math.fround(1e-5)]))
  })

  test('norms are over 32 groups', () => {
    const shapes = nodes(graphs.unet, 'InstanceNormalization').map((norm) => {
      const reshape = graphs.unet.node.find(({ output }) => output[0] === norm.input[0])
      const shape = graphs.unet.initializer.find(({ name }) => name === reshape?.input[1])
      return [...new BigInt64Array(shape?.rawData.slice().buffer ?? new ArrayBuffer(0))].join()
    })
    expect(new Set(shapes)).toEqual(new Set(['0,32,-1']))
  })

  test('the U-Net halves with padding on all sides, the autoencoder with padding right and below', () => {
    const pads = (graph: ReadModel['graph']) =>
      new Set(
        nodes(graph, 'Conv')
          .filter(isDownsampler)
          .map((node) => attribute(node, 'pads').ints.join()),
      )
    expect(pads(graphs.unet)).toEqual(new Set(['1,1,1,1']))
    expect(pads(graphs.encoder)).toEqual(new Set(['0,0,1,1']))
  })

  test('CLIP’s attention is causal, the U-Net’s sees everything; neither has a padding mask', () => {
    const attentions = (graph: ReadModel['graph']) => nodes(graph, 'MultiHeadAttention')
    const isCausal = (node: ReadNode) => attribute(node, 'unidirectional').i
    expect(new Set(attentions(graphs.text).map(isCausal))).toEqual(new Set([1n]))
    expect(new Set(attentions(graphs.unet).map(isCausal))).toEqual(new Set([0n]))
    for (const node of [...attentions(graphs.text), ...attentions(graphs.unet)]) expect(node.input).toHaveLength(3)
  })

  test('CLIP has the sigmoid approximation of GELU, the U-Net’s gates the exact one', () => {
    const alphas = nodes(graphs.text, 'QuickGelu').map((node) => attribute(node, 'alpha').f)
    expect(alphas).toEqual([1.702, 1.702, 1.702].map(Math.fround))
    const gelus = nodes(graphs.unet, 'Gelu')
    expect(gelus).toHaveLength(16)
    expect(gelus.every((node) => node.attribute.length === 0)).toBe(true)
  })

  test('the first half of a gated projection is the value, the second the gate', () => {
    for (const gelu of nodes(graphs.unet, 'Gelu')) {
      const gate = producer(graphs.unet, gelu.input[0])
      const product = graphs.unet.node.find(({ input }) => input[1] === gelu.output[0])
      const value = producer(graphs.unet, product?.input[0])
      expect([gate?.input[1], value?.input[1]].map((name) => /\[.*\]/.exec(name ?? '')?.[0])).toEqual([
        '[1/2]',
        '[0/2]',
      ])
    }
  })

  test('on the way up the block’s own features come before the skip’s', () => {
    const joins = nodes(graphs.unet, 'Concat').filter(
      (node) => node.name.startsWith('up_blocks') && attribute(node, 'axis').i === 1n,
    )
    const stages = joins.map(({ input }) => input.map((name) => name.split('.')[0]))
    expect(stages).toHaveLength(12)
    expect(stages.slice(1).every(([own]) => own === 'up_blocks')).toBe(true)
    expect(stages.every(([, skip]) => skip !== 'up_blocks')).toBe(true)
  })

  test('every weight is a place in the checkpoint; the graph itself holds only shapes and the sinusoids’ frequencies', () => {
    for (const graph of Object.values(graphs)) {
      const own = graph.initializer.filter(({ externalData }) => externalData.length === 0)
      const bytes = own.reduce((sum, { rawData }) => sum + rawData.length, 0)
      expect(bytes).toBeLessThan(3000)
      const places = graph.initializer.flatMap(({ externalData }) =>
        externalData.filter(({ key }) => key === 'location'),
      )
      expect(places.length).toBeGreaterThan(40)
      expect(new Set(places.map(({ value }) => value)).size).toBe(1)
    }
  })
})

function nodes(graph: ReadModel['graph'], type: string): ReadNode[] {
  return graph.node.filter(({ opType }) => opType === type)
}

function producer(graph: ReadModel['graph'], value: string | undefined): ReadNode | undefined {
  return graph.node.find(({ output }) => output[0] === value)
}

/** The only number of a constant. */
function constant(graph: ReadModel['graph'], value: string | undefined): number | undefined {
  const bytes = graph.initializer.find(({ name }) => name === value)?.rawData.slice()
  return bytes?.length === 4 ? new Float32Array(bytes.buffer)[0] : undefined
}

function epsilon(node: ReadNode): number {
  return attribute(node, 'epsilon').f
}

function isDownsampler({ name }: ReadNode): boolean {
  return name.includes('downsamplers')
}

function split(all: ReadNode[], pattern: RegExp): [ReadNode[], ReadNode[]] {
  return [all.filter(({ name }) => pattern.test(name)), all.filter(({ name }) => !pattern.test(name))]
}
