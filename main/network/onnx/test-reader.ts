import type * as Protobuf from '@bufbuild/protobuf'
import type * as WellKnown from '@bufbuild/protobuf/wkt'

/** A model as an independent protobuf library reads it, with the field names of onnx.proto. */
export interface ReadModel {
  irVersion: bigint
  producerName: string
  opsetImport: { domain: string; version: bigint }[]
  graph: {
    name: string
    node: ReadNode[]
    initializer: ReadTensor[]
    input: ReadValue[]
    output: ReadValue[]
  }
}

export interface ReadNode {
  name: string
  opType: string
  domain: string
  input: string[]
  output: string[]
  attribute: { name: string; type: number; f: number; i: bigint; s: Uint8Array; ints: bigint[] }[]
}

interface ReadTensor {
  name: string
  dims: bigint[]
  dataType: number
  rawData: Uint8Array
  dataLocation: number
  externalData: { key: string; value: string }[]
}

interface ReadValue {
  name: string
  type: { tensorType: { elemType: number; shape?: { dim: { dimValue: bigint; dimParam: string }[] } } }
}

const INT32 = 5
const INT64 = 3
const FLOAT = 2
const STRING = 9
const BYTES = 12
const MESSAGE = 11

/** onnx.proto, as far as the studio writes it: message → field → [number, type, isRepeated]. */
const MESSAGES: Record<string, Record<string, [number, number | string, boolean?]>> = {
  ModelProto: {
    ir_version: [1, INT64],
    producer_name: [2, STRING],
    graph: [7, 'GraphProto'],
    opset_import: [8, 'OperatorSetIdProto', true],
  },
  OperatorSetIdProto: { domain: [1, STRING], version: [2, INT64] },
  GraphProto: {
    node: [1, 'NodeProto', true],
    name: [2, STRING],
    initializer: [5, 'TensorProto', true],
    input: [11, 'ValueInfoProto', true],
    output: [12, 'ValueInfoProto', true],
  },
  NodeProto: {
    input: [1, STRING, true],
    output: [2, STRING, true],
    name: [3, STRING],
    op_type: [4, STRING],
    attribute: [5, 'AttributeProto', true],
    domain: [7, STRING],
  },
  AttributeProto: {
    name: [1, STRING],
    f: [2, FLOAT],
    i: [3, INT64],
    s: [4, BYTES],
    ints: [8, INT64, true],
    type: [20, INT32],
  },
  TensorProto: {
    dims: [1, INT64, true],
    data_type: [2, INT32],
    name: [8, STRING],
    raw_data: [9, BYTES],
    external_data: [13, 'StringStringEntryProto', true],
    data_location: [14, INT32],
  },
  StringStringEntryProto: { key: [1, STRING], value: [2, STRING] },
  ValueInfoProto: { name: [1, STRING], type: [2, 'TypeProto'] },
  TypeProto: { tensor_type: [1, 'TensorTypeProto'] },
  TensorTypeProto: { elem_type: [1, INT32], shape: [2, 'TensorShapeProto'] },
  TensorShapeProto: { dim: [1, 'DimensionProto', true] },
  DimensionProto: { dim_value: [1, INT64], dim_param: [2, STRING] },
}

/** Decodes ONNX bytes with the given protobuf library, which the product does not carry; unknown fields are an error. */
export function onnxReader(protobuf: typeof Protobuf, wellKnown: typeof WellKnown): (bytes: Uint8Array) => ReadModel {
  const schema = modelSchema(protobuf, wellKnown)
  return (bytes) => {
    const message = protobuf.fromBinary(schema, bytes)
    assertKnown(message)
    return message as unknown as ReadModel
  }
}

/** Encodes a model with the given protobuf library; plain objects may stand for messages. */
export function onnxWriter(protobuf: typeof Protobuf, wellKnown: typeof WellKnown): (model: ReadModel) => Uint8Array {
  const schema = modelSchema(protobuf, wellKnown)
  return (model) => protobuf.toBinary(schema, protobuf.create(schema, plain(model) as Protobuf.Message))
}

/** Without what the library marks its own messages with: those of another descriptor are not its own. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const fields = Object.entries(value).filter(([key]) => !key.startsWith('$'))
  return Object.fromEntries(fields.map(([key, inner]) => [key, plain(inner)]))
}

function modelSchema(protobuf: typeof Protobuf, wellKnown: typeof WellKnown): Protobuf.DescMessage {
  const file = protobuf.create(wellKnown.FileDescriptorProtoSchema, {
    name: 'onnx.proto',
    package: 'onnx',
    syntax: 'proto2',
    messageType: Object.entries(MESSAGES).map(([name, fields]) => ({
      name,
      field: Object.entries(fields).map(([fieldName, [number, type, isRepeated = false]]) => ({
        name: fieldName,
        jsonName: fieldName.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
        number,
        label: isRepeated ? 3 : 1,
        ...(typeof type === 'string' ? { type: MESSAGE, typeName: `.onnx.${type}` } : { type }),
      })),
    })),
  })
  const registry = protobuf.createFileRegistry(file, () => undefined)
  const schema = registry.getMessage('onnx.ModelProto')
  if (!schema) throw new Error('expected the descriptor to hold ModelProto')
  return schema
}

function assertKnown(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  const unknown = '$unknown' in value && Array.isArray(value.$unknown) ? value.$unknown : []
  if (unknown.length > 0) throw new Error(`unknown fields: ${JSON.stringify(unknown)}`)
  for (const inner of Object.values(value)) assertKnown(inner)
}

export function attribute(node: ReadNode, name: string): ReadNode['attribute'][number] {
  const found = node.attribute.find((candidate) => candidate.name === name)
  if (!found) throw new Error(`${node.name}: expected attribute ${name}`)
  return found
}
