import type { GraphFile } from '../checkpoint/onnx/graph-file.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { encodeNode } from './onnx/model.ts'
import { nodeFacts } from './onnx/rename.ts'
import { ReadyGraph } from './ready-graph.ts'
import type { Value } from './scope.ts'

/** Original height and width, crop's top and left, target height and width. */
const SIZE_NUMBERS = 6
const END = 2 ** 31 - 1

/**
 * The U-Net of an Optimum export under the names of `buildUnet`: sample, timestep, context and, where it is told the
 * picture's sizes, vector: the pooled prompt and then the six numbers as they are; guidance where it is told the scale → prediction.
 * @throws StudioError checkpoint-unsupported
 */
export function readyUnet(file: GraphFile): OnnxGraph {
  const graph = new ReadyGraph('U-Net', file)
  requireOpen(graph, 'sample', [0, 2, 3])
  graph.feed('sample', graph.input('sample', 'float', ['n', 'c', 'h', 'w']))
  const timestep = graph.input('timestep', 'float', ['n'])
  graph.feed('timestep', oneTimestep(graph, timestep))
  graph.feed('encoder_hidden_states', graph.input('context', 'float', ['n', 't', 'd']))
  if (graph.hasInput('text_embeds')) {
    const vector = graph.input('vector', 'float', ['n', 'v'])
    graph.feed('text_embeds', columns(graph, vector, 0, -SIZE_NUMBERS))
    graph.feed('time_ids', columns(graph, vector, -SIZE_NUMBERS, END))
  }
  if (graph.hasInput('timestep_cond')) graph.feed('timestep_cond', graph.input('guidance', 'float', ['n', 'g']))
  graph.output('prediction', graph.result('out_sample'), ['n', 'c', 'h', 'w'])
  return graph.finish()
}

/** All rows are at the same timestep, of which such graphs take one: a number of its own or a list of one. */
function oneTimestep(graph: ReadyGraph, timesteps: Value): Value {
  const { dataType = 0, shape = null } = graph.file.inputs.find(({ name }) => name === 'timestep') ?? {}
  const first = graph.node('before', 'Slice', [timesteps, graph.ints(0), graph.ints(1), graph.ints(0)])
  const isWhole = dataType === 7 || dataType === 6
  const value = isWhole ? graph.node('before', 'Round', [first]) : first
  return shape?.length === 0 ? graph.node('before', 'Squeeze', [value]) : value
}

function columns(graph: ReadyGraph, value: Value, start: number, end: number): Value {
  return graph.node('before', 'Slice', [value, graph.ints(start), graph.ints(end), graph.ints(1)])
}

export interface ReadyTextOptions {
  /** The hidden state that is the context; null for the last one, after the final norm. */
  readonly layer: number | null
  readonly withPooled: boolean
}

/** input_ids → context and pooled. @throws StudioError checkpoint-unsupported */
export function readyTextEncoder(file: GraphFile, { layer, withPooled }: ReadyTextOptions): OnnxGraph {
  const graph = new ReadyGraph('text encoder', file)
  graph.feed('input_ids', graph.input('input_ids', 'int64', ['n', 't']))
  const context = graph.result(layer === null ? 'last_hidden_state' : `hidden_states.${layer}`)
  graph.output('context', context, ['n', 't', 'd'])
  if (withPooled) graph.output('pooled', graph.result('text_embeds'), ['n', 'p'])
  return graph.finish()
}

/** latent, divided by the scaling factor → image. @throws StudioError checkpoint-unsupported */
export function readyDecoder(file: GraphFile): OnnxGraph {
  const graph = new ReadyGraph('autoencoder decoder', file)
  requireOpen(graph, 'latent_sample', [0, 2, 3])
  graph.feed('latent_sample', graph.input('latent', 'float', ['n', 'c', 'h', 'w']))
  graph.output('image', graph.result('sample'), ['n', 3, 'image_h', 'image_w'])
  return graph.finish()
}

/** Of a latent that is given without its spread. */
const LEAST_LOGVAR = -30
const MOST_LOGVAR = 20

/**
 * image → mean and logvar of the latent. Exports of earlier versions draw a sample themselves, another one at each run:
 * they are held to the mean.
 * @throws StudioError checkpoint-unsupported
 */
export function readyEncoder(file: GraphFile, latentChannels: number): OnnxGraph {
  const graph = new ReadyGraph('autoencoder encoder', { ...file, nodes: file.nodes.flatMap(withoutChance) })
  requireOpen(graph, 'sample', [0, 2, 3])
  graph.feed('sample', graph.input('image', 'float', ['n', 3, 'h', 'w']))
  const shape = ['n', latentChannels, 'latent_h', 'latent_w']
  const after = (type: string, ...inputs: Value[]) => graph.node('after', type, inputs)
  if (graph.hasOutput('latent_parameters')) {
    const moments = graph.result('latent_parameters')
    const half = (from: number) =>
      after('Slice', moments, graph.ints(from * latentChannels), graph.ints((from + 1) * latentChannels), graph.ints(1))
    graph.output('mean', half(0), shape)
    graph.output('logvar', after('Clip', half(1), graph.float(LEAST_LOGVAR), graph.float(MOST_LOGVAR)), shape)
  } else {
    const mean = graph.result('latent_sample')
    graph.output('mean', mean, shape)
    graph.output('logvar', after('Add', after('Sub', mean, mean), graph.float(LEAST_LOGVAR)), shape)
  }
  return graph.finish()
}

/** Pictures of any size, several at once: a graph made for one size alone is no use here. */
function requireOpen(graph: ReadyGraph, name: string, axes: readonly number[]): void {
  const shape = graph.file.inputs.find((input) => input.name === name)?.shape
  if (!shape || axes.every((axis) => shape[axis] === null)) return
  const found = shape.map((size) => size ?? 'any').join(', ')
  throw graph.fail(`${name}: expected a graph for any number and size of pictures, found [${found}]`)
}

/** A node as it is, save that one that draws noise gives none. */
function withoutChance(bytes: Uint8Array): Uint8Array[] {
  const { type, input, output, dtype } = nodeFacts(bytes)
  if (type !== 'RandomNormalLike') return [bytes]
  const zero = dtype === null ? output : `${output}/zero`
  const encoded = (type: string, inputs: Value[], value: Value, attributes = {}) =>
    encodeNode({ name: value, type, domain: '', inputs, outputs: [value], attributes }).finish()
  const sub = encoded('Sub', [input, input], zero)
  return dtype === null ? [sub] : [sub, encoded('Cast', [zero], output, { to: dtype })]
}
