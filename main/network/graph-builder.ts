import type { TensorEntry } from '../checkpoint/tensor-index.ts'
import type { WeightDeltas } from '../checkpoint/weight-delta.ts'
import type { Weights } from '../checkpoint/weights.ts'
import type { OnnxGraph, OnnxPiece } from '../runtime/graph.ts'
import { ELEMENT_TYPES, encodeModel } from './onnx/model.ts'
import type { Attribute, ElementType, OnnxInitializer, OnnxModel, OnnxNode, OnnxValue } from './onnx/model.ts'
import { inPieces, weightsFirst } from './onnx/pieces.ts'
import { blockTable, blockWeight, widenedBlocks, widenedRows } from './quantised-weight.ts'
import type { BlockWeight } from './quantised-weight.ts'
import { Scope } from './scope.ts'
import type { Value } from './scope.ts'
import { placed, regionOf, storedFactor, storedWeight } from './stored-weight.ts'
import type { Part, StoredWeight } from './stored-weight.ts'
import { changedWeight } from './weight-delta.ts'

/** Of float32 weights in a piece of a network: what the runtime holds twice while it prepares them. */
const PIECE_BYTES = 512e6

interface NodeRequest {
  /** Of the module; the node's name starts with it. */
  readonly path: string
  readonly domain: string
  readonly type: string
  readonly inputs: readonly Value[]
  readonly outputs: number
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A graph being drawn: nodes in order, constants once each, weights as places in the checkpoint's files. */
export class GraphBuilder {
  readonly #name: string
  readonly #weights: Weights
  readonly #deltas: WeightDeltas | undefined
  /** Values drawn once though several places need them. */
  readonly #drawn = new Map<string, Value>()
  readonly #joinedFiles = new Map<string, number>()
  readonly #nodes: OnnxNode[] = []
  readonly #constants = new Map<string, OnnxInitializer>()
  readonly #stored = new Map<string, StoredWeight>()
  readonly #widened = new Set<Value>()
  readonly #inputs: OnnxValue[] = []
  readonly #outputs: OnnxValue[] = []

  /** @param deltas what is added to the weights */
  constructor(name: string, weights: Weights, deltas?: WeightDeltas) {
    this.#name = name
    this.#weights = weights
    this.#deltas = deltas
  }

  /** The whole network; `at` leads to its modules. */
  get root(): Scope {
    return new Scope(this, '')
  }

  input(name: string, type: ElementType, shape: OnnxValue['shape']): Value {
    this.#inputs.push({ name, type, shape })
    return name
  }

  /** Makes `value` an output called `name`; without a shape its number of dimensions is left open. */
  output(name: string, value: Value, shape: OnnxValue['shape'] = null): void {
    this.#push(`output/${name}`, '', 'Identity', [value], [name], {})
    this.#outputs.push({ name, type: 'float', shape })
  }

  /** The new node's outputs. */
  add({ path, domain, type, inputs, outputs, attributes }: NodeRequest): Value[] {
    const name = `${path}/${type}_${this.#nodes.length}`
    const values = Array.from({ length: outputs }, (_, i) => (i === 0 ? name : `${name}:${i}`))
    this.#push(name, domain, type, inputs, values, attributes)
    return values
  }

  constant(type: 'float' | 'int64', shape: readonly number[], values: readonly number[]): Value {
    const content = `${type}[${shape.join()}](${values.join()})`
    const known = this.#constants.get(content)
    if (known) return known.name
    const name = `constant_${this.#constants.size}`
    const array = type === 'float' ? Float32Array.from(values) : BigInt64Array.from(values, BigInt)
    this.#constants.set(content, { name, type, shape, data: new Uint8Array(array.buffer) })
    return name
  }

  hasWeight(name: string): boolean {
    return this.#weights.find(name) !== undefined
  }

  #storedWeight(name: string, shape: readonly number[], part?: Part): StoredWeight {
    const weight = storedWeight(this.#weights.require(name), name, shape, part)
    this.#stored.set(weight.name, weight)
    return weight
  }

  /** A weight as float32, with what is added to it. */
  weight(name: string, shape: readonly number[], part?: Part): Value {
    const deltas = this.#deltas?.get(name)
    if (deltas === undefined) return this.#float(name, shape, part)
    return this.#once(`${name} ${part?.index ?? ''}`, () =>
      changedWeight({
        scope: this.root.at(name),
        shape,
        part,
        deltas,
        base: (baseShape, basePart) => this.#float(name, baseShape, basePart),
        factor: (entry, factorShape, factorPart) => this.#factor(entry, factorShape, factorPart),
        once: (key, draw) => this.#once(`${name} ${key}`, draw),
      }),
    )
  }

  /** Rows of a table [rows, width] by ids [n, t], as float32: it stays as it is stored, and only what is taken is widened. */
  rows(name: string, shape: readonly [number, number], ids: Value): Value {
    const scope = this.root.at(name)
    const entry = this.#weights.require(name)
    if (entry.dtype === 'Q8_0') return widenedRows(scope, this.#keepBlocks(blockTable(entry, name, shape)), ids)
    const taken = scope.node('Gather', [this.#storedWeight(name, shape).name, ids])
    return scope.node('Cast', [taken], { to: ELEMENT_TYPES.float })
  }

  /** A weight of the checkpoint alone as float32. */
  #float(name: string, shape: readonly number[], part?: Part): Value {
    const entry = this.#weights.require(name)
    if (entry.dtype !== 'Q8_0') return this.#widenedWeight(this.#storedWeight(name, shape, part))
    return this.#once(`${name} ${part?.index ?? ''} of blocks`, () =>
      widenedBlocks(this.root.at(name), this.#keepBlocks(blockWeight(entry, name, shape, part))),
    )
  }

  #keepBlocks(weight: BlockWeight): BlockWeight {
    for (const stored of [weight.scales, weight.factors]) this.#stored.set(stored.name, stored)
    return weight
  }

  /** A tensor of a file that joins the checkpoint, as float32. */
  #factor(entry: TensorEntry, shape: readonly number[], part?: Part): Value {
    const file = this.#joinedFiles.get(entry.file) ?? this.#joinedFiles.size
    this.#joinedFiles.set(entry.file, file)
    const stored = storedFactor(entry, `joined ${file}: ${entry.name}`, shape, part)
    this.#stored.set(stored.name, stored)
    return this.#widenedWeight(stored)
  }

  /** A stored weight widened to float32. The runtime folds the Cast away when it loads the graph, unless told not to. */
  #widenedWeight(stored: StoredWeight): Value {
    if (stored.type === 'float') return stored.name
    const widened = `${stored.name}.float`
    if (!this.#widened.has(widened)) {
      this.#widened.add(widened)
      this.#push(widened, '', 'Cast', [stored.name], [widened], { to: ELEMENT_TYPES.float })
    }
    return widened
  }

  #once(key: string, draw: () => Value): Value {
    const drawn = this.#drawn.get(key) ?? draw()
    this.#drawn.set(key, drawn)
    return drawn
  }

  /** @throws StudioError model-missing when a weights file is gone */
  finish(): OnnxGraph {
    const { folder, initializers, weights } = placed([...this.#stored.values()])
    const model = {
      name: this.#name,
      nodes: this.#nodes,
      initializers: [...this.#constants.values(), ...initializers],
      inputs: this.#inputs,
      outputs: this.#outputs,
    }
    const pieces = inPieces(model, PIECE_BYTES)
    return {
      name: this.#name,
      ...encoded(weightsFirst(model)),
      weightsFolder: folder,
      regions: weights.filter(({ values }) => values !== 0).map(regionOf),
      ...(pieces.length > 1 ? { pieces: pieces.map(encoded) } : {}),
    }
  }

  #push(
    name: string,
    domain: string,
    type: string,
    inputs: readonly Value[],
    outputs: readonly Value[],
    attributes: OnnxNode['attributes'],
  ): void {
    this.#nodes.push({ name, type, domain, inputs, outputs, attributes })
  }
}

function encoded(model: OnnxModel): OnnxPiece {
  const names = (values: readonly OnnxValue[]) => values.map(({ name }) => name)
  return { bytes: encodeModel(model), inputs: names(model.inputs), outputs: names(model.outputs) }
}
