import { WireMessage } from './wire.ts'

/** Element types of the ONNX format that the studio writes or meets, with their numbers in TensorProto.DataType. */
export const ELEMENT_TYPES = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e5m2: 19,
} as const
export type ElementType = keyof typeof ELEMENT_TYPES

/** Numbers are floats only through `{ float }` and `{ floats }`, since 1 and 1.0 are the same in JavaScript. */
export type Attribute = number | string | readonly number[] | { readonly float: number }

export interface OnnxNode {
  readonly name: string
  readonly type: string
  /** '' is ONNX's own set; 'com.microsoft' the runtime's additions. */
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A constant tensor: its bytes, or the place of its bytes in a file of the weights folder. */
export interface OnnxInitializer {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly data: Uint8Array | { readonly location: string; readonly offset: number; readonly length: number }
}

/** A graph input or output; a string dimension is dynamic, equal names are equal sizes. */
export interface OnnxValue {
  readonly name: string
  readonly type: ElementType
  /** null when even the number of dimensions is left open */
  readonly shape: readonly (number | string)[] | null
}

export interface OnnxModel {
  readonly name: string
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly OnnxInitializer[]
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
}

const IR_VERSION = 10
const OPERATOR_SETS = { '': 20, 'com.microsoft': 1 } as const
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 } as const
const EXTERNAL = 1

/** The model as an ONNX file's bytes; field numbers are those of onnx.proto. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const message = new WireMessage().int(1, IR_VERSION).text(2, 'latent-studio').message(7, encodeGraph(model))
  for (const [domain, version] of Object.entries(OPERATOR_SETS)) {
    message.message(8, new WireMessage().text(1, domain).int(2, version))
  }
  return message.finish()
}

function encodeGraph(model: OnnxModel): WireMessage {
  const graph = new WireMessage()
  for (const node of model.nodes) graph.message(1, encodeNode(node))
  graph.text(2, model.name)
  for (const initializer of model.initializers) graph.message(5, encodeInitializer(initializer))
  for (const input of model.inputs) graph.message(11, encodeValue(input))
  for (const output of model.outputs) graph.message(12, encodeValue(output))
  return graph
}

/** NodeProto. */
export function encodeNode(node: OnnxNode): WireMessage {
  const message = new WireMessage()
  for (const input of node.inputs) message.text(1, input)
  for (const output of node.outputs) message.text(2, output)
  message.text(3, node.name).text(4, node.type)
  for (const [name, value] of Object.entries(node.attributes)) message.message(5, encodeAttribute(name, value))
  return message.text(7, node.domain)
}

function encodeAttribute(name: string, value: Attribute): WireMessage {
  const message = new WireMessage().text(1, name)
  if (typeof value === 'number') return message.int(3, value).int(20, ATTRIBUTE_TYPES.int)
  if (typeof value === 'string') return message.text(4, value).int(20, ATTRIBUTE_TYPES.string)
  if ('float' in value) return message.float(2, value.float).int(20, ATTRIBUTE_TYPES.float)
  for (const item of value) message.int(8, item)
  return message.int(20, ATTRIBUTE_TYPES.ints)
}

/** TensorProto. */
export function encodeInitializer({ name, type, shape, data }: OnnxInitializer): WireMessage {
  const message = new WireMessage()
  for (const dimension of shape) message.int(1, dimension)
  message.int(2, ELEMENT_TYPES[type]).text(8, name)
  if (data instanceof Uint8Array) return message.bytes(9, data)
  for (const [key, value] of Object.entries(data)) {
    message.message(13, new WireMessage().text(1, key).text(2, String(value)))
  }
  return message.int(14, EXTERNAL)
}

/** ValueInfoProto. */
export function encodeValue({ name, type, shape }: OnnxValue): WireMessage {
  const dimensions = new WireMessage()
  for (const size of shape ?? []) {
    dimensions.message(1, typeof size === 'number' ? new WireMessage().int(1, size) : new WireMessage().text(2, size))
  }
  const tensorType = new WireMessage().int(1, ELEMENT_TYPES[type])
  if (shape !== null) tensorType.message(2, dimensions)
  return new WireMessage().text(1, name).message(2, new WireMessage().message(1, tensorType))
}
