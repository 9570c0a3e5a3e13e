import { realpathSync } from 'node:fs'
import { dirname, relative, sep } from 'node:path'
import type { TensorEntry } from '../checkpoint/safetensors.ts'
import type { Weights } from '../checkpoint/weights.ts'
import { StudioError } from '../contract/failure.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { encodeModel } from './onnx/model.ts'
import type { Attribute, ElementType, OnnxInitializer, OnnxNode, OnnxValue } from './onnx/model.ts'

/** The name of a tensor that flows through the graph. */
export type Value = string

interface StoredWeight {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly file: string
  readonly offset: number
  readonly length: number
}

/** Storage types that the runtime's Cast turns into float32 exactly (float64: rounded). */
const WEIGHT_TYPES: Readonly<Record<string, ElementType>> = {
  F32: 'float',
  F16: 'float16',
  BF16: 'bfloat16',
  F64: 'double',
}

/** A graph being drawn: nodes in order, constants once each, weights as places in the checkpoint's files. */
export class GraphBuilder {
  readonly #name: string
  readonly #weights: Weights
  readonly #nodes: OnnxNode[] = []
  readonly #constants = new Map<string, OnnxInitializer>()
  readonly #stored = new Map<string, StoredWeight>()
  readonly #cast = new Map<string, Value>()
  readonly #inputs: OnnxValue[] = []
  readonly #outputs: OnnxValue[] = []

  constructor(name: string, weights: Weights) {
    this.#name = name
    this.#weights = weights
  }

  /** The whole network; `at` leads to its modules. */
  get root(): Scope {
    return new Scope(this, '')
  }

  input(name: string, type: ElementType, shape: OnnxValue['shape']): Value {
    this.#inputs.push({ name, type, shape })
    return name
  }

  /** Makes `value` an output called `name`. */
  output(name: string, value: Value, shape: OnnxValue['shape'] | null = null): void {
    this.#nodes.push({
      name: `output/${name}`,
      type: 'Identity',
      domain: '',
      inputs: [value],
      outputs: [name],
      attributes: {},
    })
    this.#outputs.push({ name, type: 'float', shape })
  }

  add(node: OnnxNode): void {
    this.#nodes.push(node)
  }

  get nodeCount(): number {
    return this.#nodes.length
  }

  constant(type: 'float' | 'int64', shape: readonly number[], values: readonly number[]): Value {
    const name = `${type}[${shape.join(',')}](${values.length > 8 ? this.#constants.size : values.join(',')})`
    if (!this.#constants.has(name)) {
      const array = type === 'float' ? Float32Array.from(values) : BigInt64Array.from(values, BigInt)
      this.#constants.set(name, { name, type, shape, data: new Uint8Array(array.buffer) })
    }
    return name
  }

  hasWeight(name: string): boolean {
    return this.#weights.find(name) !== undefined
  }

  /**
   * A checkpoint's tensor as it is stored, or the rows [from, from + shape[0]) of it.
   * @throws StudioError checkpoint-unsupported on another shape or a storage type that is no float
   */
  stored(name: string, shape: readonly number[], fromRow = 0): { value: Value; type: ElementType } {
    const entry = this.#weights.require(name)
    const type = WEIGHT_TYPES[entry.dtype]
    if (type === undefined) {
      throw unsupported(entry, `expected one of ${Object.keys(WEIGHT_TYPES).join(', ')}, found ${entry.dtype}`)
    }
    const rows = entry.shape[0] ?? 0
    const wanted = fromRow === 0 && shape[0] === rows ? shape : [rows, ...shape.slice(1)]
    if (withoutOnes(entry.shape).join() !== withoutOnes(wanted).join() || fromRow + (shape[0] ?? 0) > rows) {
      throw unsupported(entry, `expected shape [${wanted.join(', ')}], found [${entry.shape.join(', ')}]`)
    }
    const rowBytes = entry.sizeBytes / rows
    const value = fromRow === 0 && shape[0] === rows ? name : `${name}[${fromRow}:${fromRow + (shape[0] ?? 0)}]`
    const [offset, length] = [entry.offset + fromRow * rowBytes, (shape[0] ?? 0) * rowBytes]
    this.#stored.set(value, { name: value, type, shape, file: entry.file, offset, length })
    return { value, type }
  }

  /** The same as float32; the runtime casts once, when it loads the graph. */
  weight(name: string, shape: readonly number[], fromRow = 0): Value {
    const { value, type } = this.stored(name, shape, fromRow)
    if (type === 'float') return value
    const cast = this.#cast.get(value) ?? `${value}.float`
    if (!this.#cast.has(value)) {
      this.#cast.set(value, cast)
      this.#nodes.push({
        name: cast,
        type: 'Cast',
        domain: '',
        inputs: [value],
        outputs: [cast],
        attributes: { to: 1 },
      })
    }
    return cast
  }

  /** @throws StudioError model-missing when a weights file is gone */
  finish(): OnnxGraph {
    const stored = [...this.#stored.values()].map((weight) => ({ ...weight, file: realPath(weight.file) }))
    const weightsFolder = commonFolder(stored.map((weight) => weight.file))
    const initializers = stored.map(({ name, type, shape, file, offset, length }) => {
      const location = relative(weightsFolder, file).split(sep).join('/')
      return { name, type, shape, data: { location, offset, length } }
    })
    const bytes = encodeModel({
      name: this.#name,
      nodes: this.#nodes,
      initializers: [...this.#constants.values(), ...initializers],
      inputs: this.#inputs,
      outputs: this.#outputs,
    })
    return {
      name: this.#name,
      bytes,
      weightsFolder,
      regions: stored.map(({ name, file, offset, length }) => ({ tensor: name, file, offset, length })),
      inputs: this.#inputs.map((input) => input.name),
      outputs: this.#outputs.map((output) => output.name),
    }
  }
}

/** A module of the network: its weights and nodes carry its path, as in the checkpoint. */
export class Scope {
  readonly #graph: GraphBuilder
  readonly #path: string

  constructor(graph: GraphBuilder, path: string) {
    this.#graph = graph
    this.#path = path
  }

  at(name: string): Scope {
    return new Scope(this.#graph, this.#join(name))
  }

  /** Adds a node of ONNX's own operator set, or the runtime's (`domain`); its first output. */
  node(type: string, inputs: readonly Value[], attributes: Record<string, Attribute> = {}, domain = ''): Value {
    const [output] = this.nodes(type, inputs, 1, attributes, domain)
    return output ?? ''
  }

  nodes(
    type: string,
    inputs: readonly Value[],
    outputCount: number,
    attributes: Record<string, Attribute> = {},
    domain = '',
  ): Value[] {
    const name = `${this.#path}/${type}_${this.#graph.nodeCount}`
    const outputs = Array.from({ length: outputCount }, (_, i) => (i === 0 ? name : `${name}:${i}`))
    this.#graph.add({ name, type, domain, inputs, outputs, attributes })
    return outputs
  }

  has(name: string): boolean {
    return this.#graph.hasWeight(this.#join(name))
  }

  weight(name: string, shape: readonly number[], fromRow = 0): Value {
    return this.#graph.weight(this.#join(name), shape, fromRow)
  }

  /** As the checkpoint stores it, not cast. */
  stored(name: string, shape: readonly number[]): Value {
    return this.#graph.stored(this.#join(name), shape).value
  }

  ints(...values: number[]): Value {
    return this.#graph.constant('int64', [values.length], values)
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#graph.constant('float', shape, values)
  }

  #join(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }
}

/** 1x1 convolutions and linear layers hold the same bytes: trailing ones do not count. */
function withoutOnes(shape: readonly number[]): number[] {
  const kept = [...shape]
  while (kept.length > 1 && kept.at(-1) === 1) kept.pop()
  return kept
}

/** Caches link to files elsewhere; the runtime refuses links that leave the weights folder. */
function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch (error) {
    throw new StudioError('model-missing', `${file}: expected the weights file, found none`, { cause: error })
  }
}

function commonFolder(files: readonly string[]): string {
  const [first, ...others] = [...new Set(files.map((file) => dirname(file)))]
  if (first === undefined) return ''
  let parts = first.split(sep)
  for (const other of others) {
    const theirs = other.split(sep)
    const split = parts.findIndex((part, i) => part !== theirs[i])
    if (split >= 0) parts = parts.slice(0, split)
  }
  return parts.join(sep) || sep
}

function unsupported(entry: TensorEntry, sentence: string): StudioError {
  return new StudioError('checkpoint-unsupported', `${entry.file}: tensor ${entry.name}: ${sentence}`)
}
