import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { buildAutoencoderDecoder, buildAutoencoderEncoder } from '../network/autoencoder.ts'
import type { ReadModel } from '../network/onnx/test-reader.ts'
import { buildTextEncoder } from '../network/text-encoder.ts'
import { buildUnet } from '../network/unet.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { writeDiffusersFolder } from './test-folders.ts'

/** Reads and writes ONNX by a library that the product does not carry. */
export interface OnnxCodec {
  readonly read: (bytes: Uint8Array) => ReadModel
  readonly write: (model: ReadModel) => Uint8Array
}

/** What sets exports apart. */
export interface ExportStyle {
  /** Weights in a file of their own, by this name; null keeps them in the graph's file. */
  readonly externalData: string | null
  /**
   * As earlier versions wrote them: token ids int32, timesteps an int64 list, the encoder draws its sample itself; here
   * also with inputs and outputs of half precision, and no configuration beside the graphs.
   */
  readonly isOlder: boolean
}

const [FLOAT, INT32, INT64, HALF] = [1, 6, 7, 10] as const

interface Port {
  readonly name: string
  readonly type: number
  readonly shape: readonly (string | number)[]
}

type NodeText = readonly [type: string, inputs: string, output: string, attributes?: Readonly<Record<string, number>>]

/** What is put around a network, whose own values are called `net/…`. */
interface Wrapping {
  readonly inputs: readonly Port[]
  readonly before: readonly NodeText[]
  readonly after: readonly NodeText[]
  readonly outputs: readonly Port[]
  readonly constants?: Readonly<Record<string, readonly number[]>>
}

/** Writes a model as Optimum exports it: the studio's own graphs between inputs and outputs of Optimum's names and types. */
export async function writeOnnxFolder(
  model: Checkpoint,
  folder: string,
  mergesPath: string,
  style: ExportStyle,
  codec: OnnxCodec,
): Promise<void> {
  const sources = `${folder}-source`
  await writeDiffusersFolder(model, sources, mergesPath)
  const isXl = model.unet.config.vector !== null
  const name = isXl ? 'StableDiffusionXLPipeline' : 'StableDiffusionPipeline'
  await mkdir(folder)
  await writeFile(
    join(folder, 'model_index.json'),
    JSON.stringify({ _class_name: style.isOlder ? `ORT${name}` : name }),
  )
  for (const part of ['scheduler', 'tokenizer', ...(isXl ? ['tokenizer_2'] : [])]) {
    await cp(join(sources, part), join(folder, part), { recursive: true })
  }
  const save = async (part: string, graph: OnnxGraph, wrapping: Wrapping) => {
    await saveGraph(join(folder, part), graph, wrapping, style, codec)
    const source = join(sources, part.replace(/^vae_.*/, 'vae'), 'config.json')
    if (!style.isOlder) await cp(source, join(folder, part, 'config.json'))
  }
  const type = style.isOlder ? HALF : FLOAT
  const { latentChannels } = model.autoencoder.config
  await save('unet', buildUnet(model.unet), unetWrapping(model, style, isXl))
  await save('vae_decoder', buildAutoencoderDecoder(model.autoencoder), {
    inputs: [{ name: 'latent_sample', type, shape: ['n', latentChannels, 'h', 'w'] }],
    before: [['Cast', 'latent_sample', 'net/latent', { to: FLOAT }]],
    after: [['Cast', 'net/image', 'sample', { to: type }]],
    outputs: [{ name: 'sample', type, shape: ['n', 3, 'h8', 'w8'] }],
  })
  await save('vae_encoder', buildAutoencoderEncoder(model.autoencoder), encoderWrapping(style))
  for (const [i, part] of model.textEncoders.entries()) {
    const graph = buildTextEncoder(part, { withTaps: isXl, withPooled: i === 1 })
    const states = isXl ? part.config.layerCount + 1 : 0
    await save(i === 0 ? 'text_encoder' : 'text_encoder_2', graph, textWrapping(style, states, i === 1))
  }
}

function unetWrapping({ unet: { config } }: Checkpoint, { isOlder }: ExportStyle, isXl: boolean): Wrapping {
  const type = isOlder ? HALF : FLOAT
  const pooled = (config.vector?.size ?? 0) - 6 * 256
  const shape = ['n', config.inChannels, 'h', 'w']
  const told: NodeText[] = [
    ['Cast', 'text_embeds', 'pooled', { to: FLOAT }],
    ['Cast', 'time_ids', 'sizes', { to: FLOAT }],
    ['Reshape', 'sizes column', 'size_column'],
    ['Mul', 'size_column frequencies', 'angles'],
    ['Cos', 'angles', 'cosines'],
    ['Sin', 'angles', 'sines'],
    ['Concat', 'cosines sines', 'waves', { axis: 1 }],
    ['Reshape', 'waves row', 'flat'],
    ['Concat', 'pooled flat', 'net/vector', { axis: 1 }],
  ]
  return {
    inputs: [
      { name: 'sample', type, shape },
      { name: 'timestep', type: isOlder ? INT64 : FLOAT, shape: isOlder ? ['steps'] : [] },
      { name: 'encoder_hidden_states', type, shape: ['n', 't', config.crossAttentionDim] },
      ...(isXl
        ? [
            { name: 'text_embeds', type, shape: ['n', pooled] },
            { name: 'time_ids', type, shape: ['n', 6] },
          ]
        : []),
    ],
    before: [
      ['Cast', 'sample', 'net/sample', { to: FLOAT }],
      ['Cast', 'encoder_hidden_states', 'net/context', { to: FLOAT }],
      ['Cast', 'timestep', 'level', { to: FLOAT }],
      ['Reshape', 'level list', 'levels'],
      ['Shape', 'sample', 'count', { start: 0, end: 1 }],
      ['Expand', 'levels count', 'net/timestep'],
      ...(isXl ? told : []),
    ],
    after: [['Cast', 'net/prediction', 'out_sample', { to: type }]],
    outputs: [{ name: 'out_sample', type, shape }],
    constants: {
      list: [-1],
      column: [-1, 1],
      row: [-1, 6 * 256],
      frequencies: Array.from({ length: 128 }, (_, i) => Math.fround(Math.exp((-Math.log(10_000) * i) / 128))),
    },
  }
}

function encoderWrapping({ isOlder }: ExportStyle): Wrapping {
  const type = isOlder ? HALF : FLOAT
  const name = isOlder ? 'latent_sample' : 'latent_parameters'
  const drawn: NodeText[] = [
    ['Exp', 'net/logvar', 'variance'],
    ['RandomNormalLike', 'net/mean', 'noise', { dtype: FLOAT }],
    ['Mul', 'variance noise', 'spread'],
    ['Add', 'net/mean spread', 'result'],
  ]
  return {
    inputs: [{ name: 'sample', type, shape: ['n', 3, 'h', 'w'] }],
    before: [['Cast', 'sample', 'net/image', { to: FLOAT }]],
    after: [
      ...(isOlder ? drawn : [['Concat', 'net/mean net/logvar', 'result', { axis: 1 }] as const]),
      ['Cast', 'result', name, { to: type }],
    ],
    outputs: [{ name, type, shape: ['n', 'c', 'h8', 'w8'] }],
  }
}

/** @param states how many hidden states to give; of none the context is the last */
function textWrapping({ isOlder }: ExportStyle, states: number, isProjected: boolean): Wrapping {
  const type = isOlder ? HALF : FLOAT
  const given = [
    ...(states === 0 ? [['context', 'last_hidden_state'] as const] : []),
    ...Array.from({ length: states }, (_, i) => [`hidden_states.${i}`, `hidden_states.${i}`] as const),
    ...(isProjected ? [['pooled', 'text_embeds'] as const] : []),
  ]
  return {
    inputs: [{ name: 'input_ids', type: isOlder ? INT32 : INT64, shape: ['n', 't'] }],
    before: [['Cast', 'input_ids', 'net/input_ids', { to: INT64 }]],
    after: given.map(([own, name]) => ['Cast', `net/${own}`, name, { to: type }] as const),
    outputs: given.map(([, name]) => ({ name, type, shape: name === 'text_embeds' ? ['n', 'p'] : ['n', 't', 'd'] })),
  }
}

async function saveGraph(
  folder: string,
  graph: OnnxGraph,
  wrapping: Wrapping,
  { externalData }: ExportStyle,
  codec: OnnxCodec,
): Promise<void> {
  const files = new Map<string, Buffer>()
  const model = wrapped(codec.read(graph.bytes), wrapping)
  await mkdir(folder, { recursive: true })
  const data: Uint8Array[] = []
  let end = 0
  for (const tensor of model.graph.initializer.filter(({ dataLocation }) => dataLocation === 1)) {
    const told = new Map(tensor.externalData.map(({ key, value }) => [key, value]))
    const [offset, length] = [Number(told.get('offset')), Number(told.get('length'))]
    const path = join(graph.weightsFolder, told.get('location') ?? '')
    const file = files.get(path) ?? (await readFile(path))
    files.set(path, file)
    const bytes = new Uint8Array(file.subarray(offset, offset + length))
    if (externalData === null) {
      Object.assign(tensor, { rawData: bytes, externalData: [], dataLocation: 0 })
      continue
    }
    const place = Object.entries({ location: externalData, offset: `${end}`, length: `${length}` })
    tensor.externalData = place.map(([key, value]) => Object.assign(tensor.externalData.pop() ?? {}, { key, value }))
    data.push(bytes)
    end += length
  }
  await writeFile(join(folder, 'model.onnx'), codec.write(model))
  if (externalData !== null) await writeFile(join(folder, externalData), Buffer.concat(data))
}

function wrapped(model: ReadModel, { inputs, before, after, outputs, constants = {} }: Wrapping): ReadModel {
  const own = (name: string) => (name === '' ? '' : `net/${name}`)
  const { graph } = model
  for (const node of graph.node) {
    node.input = node.input.map(own)
    node.output = node.output.map(own)
  }
  for (const tensor of graph.initializer) tensor.name = own(tensor.name)
  const nodes = (texts: readonly NodeText[]) =>
    texts.map(([opType, from, output, attributes = {}]) => ({
      name: output,
      opType,
      domain: '',
      input: from.split(' '),
      output: [output],
      attribute: Object.entries(attributes).map(([name, value]) => ({ name, type: 2, i: BigInt(value) })),
    }))
  const dimension = (size: string | number) =>
    typeof size === 'number' ? { dimValue: BigInt(size) } : { dimParam: size }
  const values = (ports: readonly Port[]) =>
    ports.map(({ name, type, shape }) => ({
      name,
      type: { tensorType: { elemType: type, shape: { dim: shape.map(dimension) } } },
    }))
  const tensors = Object.entries(constants).map(([name, list]) => ({
    name,
    dims: [BigInt(list.length)],
    dataType: list.every(Number.isInteger) ? INT64 : FLOAT,
    rawData: new Uint8Array(
      (list.every(Number.isInteger) ? BigInt64Array.from(list, BigInt) : Float32Array.from(list)).buffer,
    ),
  }))
  return {
    ...model,
    graph: {
      name: graph.name,
      node: [...nodes(before), ...graph.node, ...nodes(after)],
      initializer: [...graph.initializer, ...tensors],
      input: values(inputs),
      output: values(outputs),
    },
  } as unknown as ReadModel
}
