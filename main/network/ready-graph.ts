import type { GraphFile, GraphValue } from '../checkpoint/onnx/graph-file.ts'
import type { StoredInitializer } from '../checkpoint/onnx/initializer.ts'
import { StudioError } from '../contract/failure.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { ELEMENT_TYPES, encodeInitializer, encodeNode, encodeValue } from './onnx/model.ts'
import type { Attribute, ElementType, OnnxInitializer, OnnxNode, OnnxValue } from './onnx/model.ts'
import { renamedNode } from './onnx/rename.ts'
import { WireMessage } from './onnx/wire.ts'
import type { Value } from './scope.ts'
import { placed, regionOf } from './stored-weight.ts'

/** What our own values are; the graph's may be of other types. */
type OwnType = 'float' | 'int64'

/** The values of the graph itself carry this mark, so that ours may have any name. */
const MARK = 'ready/'

/**
 * A network that comes as a graph, between inputs and outputs of the studio's own names and types: the graph's nodes stay
 * as they are, and its weights where they lie.
 */
export class ReadyGraph {
  readonly file: GraphFile
  readonly #label: string
  readonly #names: ReadonlyMap<string, Value>
  readonly #before: OnnxNode[] = []
  readonly #after: OnnxNode[] = []
  readonly #constants: OnnxInitializer[] = []
  readonly #inputs: OnnxValue[] = []
  readonly #outputs: OnnxValue[] = []
  readonly #fed = new Set<string>()
  #nodeCount = 0

  constructor(label: string, file: GraphFile) {
    this.#label = label
    this.file = file
    this.#names = new Map([...file.inputs, ...file.outputs].map(({ name }) => [name, MARK + name]))
  }

  hasInput(name: string): boolean {
    return this.file.inputs.some((input) => input.name === name)
  }

  hasOutput(name: string): boolean {
    return this.file.outputs.some((output) => output.name === name)
  }

  input(name: string, type: OwnType, shape: OnnxValue['shape']): Value {
    this.#inputs.push({ name, type, shape })
    return name
  }

  /** Makes `value`, of type float, an output. */
  output(name: string, value: Value, shape: OnnxValue['shape']): void {
    this.#after.push(node('Identity', [value], name, {}))
    this.#outputs.push({ name, type: 'float', shape })
  }

  /** What an operator before or after the graph makes of these values. */
  node(
    place: 'before' | 'after',
    type: string,
    inputs: readonly Value[],
    attributes: OnnxNode['attributes'] = {},
  ): Value {
    const value = `${place}/${type}_${this.#nodeCount++}`
    const nodes = place === 'before' ? this.#before : this.#after
    nodes.push(node(type, inputs, value, attributes))
    return value
  }

  ints(...values: number[]): Value {
    return this.#constant('int64', [values.length], BigInt64Array.from(values, BigInt))
  }

  float(value: number): Value {
    return this.#constant('float', [], Float32Array.of(value))
  }

  /** Gives a value to the graph's input, in the type it wants. @throws StudioError checkpoint-unsupported */
  feed(name: string, value: Value): void {
    const { dataType } = this.#find(this.file.inputs, name)
    this.#fed.add(name)
    this.#before.push(node('Cast', [value], MARK + name, { to: dataType }))
  }

  /** An output of the graph as float32. @throws StudioError checkpoint-unsupported */
  result(name: string): Value {
    this.#find(this.file.outputs, name)
    return this.node('after', 'Cast', [MARK + name], { to: ELEMENT_TYPES.float })
  }

  /** A graph's own input or output. @throws StudioError checkpoint-unsupported when it has none of this name */
  #find(values: readonly GraphValue[], name: string): GraphValue {
    const found = values.find((value) => value.name === name)
    if (found) return found
    const names = values.map((value) => value.name).join(', ') || 'none'
    throw this.fail(`expected the ${this.#label}'s ${name}, found ${names}`)
  }

  /** @throws StudioError checkpoint-unsupported, model-missing */
  finish(): OnnxGraph {
    const { file } = this
    const hungry = file.inputs.find(({ name }) => !this.#fed.has(name))
    if (hungry) throw this.fail(`expected inputs ${[...this.#fed].join(', ')}, found ${hungry.name} besides`)
    const stored = file.weights.map((weight) => ({
      ...weight,
      type: this.#elementType(weight),
      length: weight.sizeBytes,
    }))
    const { folder, initializers, weights } = placed(stored)
    const graph = new WireMessage()
    for (const own of this.#before) graph.message(1, encodeNode(own))
    for (const bytes of file.nodes) graph.bytes(1, renamedNode(bytes, this.#names))
    for (const own of this.#after) graph.message(1, encodeNode(own))
    graph.text(2, this.#label)
    for (const bytes of file.constants) graph.bytes(5, bytes)
    for (const initializer of [...this.#constants, ...initializers]) graph.message(5, encodeInitializer(initializer))
    for (const input of this.#inputs) graph.message(11, encodeValue(input))
    for (const output of this.#outputs) graph.message(12, encodeValue(output))
    const model = new WireMessage().int(1, file.irVersion).text(2, 'latent-studio').message(7, graph)
    for (const [domain, version] of file.opsets) model.message(8, new WireMessage().text(1, domain).int(2, version))
    return {
      name: this.#label,
      bytes: model.finish(),
      weightsFolder: folder,
      regions: weights.map(regionOf),
      inputs: this.#inputs.map(({ name }) => name),
      outputs: this.#outputs.map(({ name }) => name),
    }
  }

  fail(sentence: string): StudioError {
    return new StudioError('checkpoint-unsupported', `${this.file.path}: ${sentence}`)
  }

  #constant(type: OwnType, shape: readonly number[], values: Float32Array | BigInt64Array): Value {
    const name = `own/constant_${this.#constants.length}`
    this.#constants.push({ name, type, shape, data: new Uint8Array(values.buffer) })
    return name
  }

  #elementType({ name, dataType }: StoredInitializer): ElementType {
    for (const [type, number] of Object.entries(ELEMENT_TYPES)) if (number === dataType) return type as ElementType
    throw this.fail(`tensor ${name}: expected one of ${Object.keys(ELEMENT_TYPES).join(', ')}, found type ${dataType}`)
  }
}

function node(
  type: string,
  inputs: readonly Value[],
  output: Value,
  attributes: Readonly<Record<string, Attribute>>,
): OnnxNode {
  return { name: output, type, domain: '', inputs, outputs: [output], attributes }
}
