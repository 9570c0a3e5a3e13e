import { ELEMENT_TYPES } from './model.ts'
import type { ElementType, OnnxInitializer, OnnxModel, OnnxNode, OnnxValue } from './model.ts'

/** Operators whose output has the type of their first input; only those that other values than float32 pass through matter. */
const KEEPS_TYPE = ['Concat', 'Gather', 'Identity', 'Mul', 'Reshape', 'Slice', 'Split', 'Squeeze', 'Sub', 'Unsqueeze']
/** Operators whose output has one type whatever they are given, where it is not float32. */
const MADE: Readonly<Record<string, ElementType>> = {
  Shape: 'int64',
  ArgMax: 'int64',
  ArgMin: 'int64',
  GreaterOrEqual: 'bool',
}

/**
 * The model with the nodes that depend on weights alone in front. The runtime orders a graph from its end, first the
 * inputs of a node that stand first: a widened weight is then computed right before its use instead of all those of a
 * block at once.
 */
export function weightsFirst(model: OnnxModel): OnnxModel {
  const fixed = fixedNodes(model)
  return { ...model, nodes: [...fixed, ...model.nodes.filter((node) => !fixed.has(node))] }
}

/**
 * The model as pieces to be run one after the other, each with at most `mostBytes` of weights as float32 (one node may
 * need more). Values that later pieces take are outputs by the names they have in the whole; what depends on weights
 * alone is in each piece that needs it.
 */
export function inPieces(model: OnnxModel, mostBytes: number): OnnxModel[] {
  const whole = new Reading(model)
  const groups = whole.groups(mostBytes)
  if (groups.length < 2) return [model]
  return groups.map((nodes, i) => whole.piece(nodes, groups.slice(i + 1).flat()))
}

function fixedNodes({ nodes, initializers, outputs }: OnnxModel): Set<OnnxNode> {
  const known = new Set(initializers.map(({ name }) => name))
  const wanted = new Set(outputs.map(({ name }) => name))
  const fixed = new Set<OnnxNode>()
  for (const node of nodes) {
    const isFixed = node.inputs.every((input) => input === '' || known.has(input))
    if (!isFixed || node.outputs.some((output) => wanted.has(output))) continue
    fixed.add(node)
    for (const output of node.outputs) known.add(output)
  }
  return fixed
}

/** A model and what of it stands where. */
class Reading {
  readonly #model: OnnxModel
  readonly #initializers: ReadonlyMap<string, OnnxInitializer>
  /** The nodes that depend on weights alone, and by their outputs. */
  readonly #fixed: ReadonlySet<OnnxNode>
  readonly #fixedByOutput: ReadonlyMap<string, OnnxNode>
  /** Of all values. */
  readonly #types: ReadonlyMap<string, ElementType>

  constructor(model: OnnxModel) {
    this.#model = model
    this.#initializers = new Map(model.initializers.map((initializer) => [initializer.name, initializer]))
    this.#fixed = fixedNodes(model)
    this.#fixedByOutput = new Map([...this.#fixed].flatMap((node) => node.outputs.map((output) => [output, node])))
    this.#types = valueTypes(model)
  }

  /** The nodes that depend on the inputs, cut where the weights of a group would exceed `mostBytes`. */
  groups(mostBytes: number): OnnxNode[][] {
    const groups: OnnxNode[][] = [[]]
    let counted = new Set<string>()
    let total = 0
    for (const node of this.#model.nodes) {
      if (this.#fixed.has(node)) continue
      const fresh = [...this.#needed([node]).initializers].filter((name) => !counted.has(name))
      const added = fresh.reduce((sum, name) => sum + this.#float32Bytes(name), 0)
      if (total > 0 && added > 0 && total + added > mostBytes) {
        groups.push([])
        counted = new Set()
        total = 0
      }
      groups.at(-1)?.push(node)
      for (const name of fresh) counted.add(name)
      total += added
    }
    return groups
  }

  /** @param later the nodes of the pieces that follow */
  piece(nodes: readonly OnnxNode[], later: readonly OnnxNode[]): OnnxModel {
    const { initializers, fixed } = this.#needed(nodes)
    const made = new Set([...fixed, ...nodes].flatMap(({ outputs }) => outputs))
    const taken = new Set(nodes.flatMap(({ inputs }) => inputs))
    const wanted = new Set(later.flatMap(({ inputs }) => inputs))
    const isForeign = (name: string) => name !== '' && !made.has(name) && !this.#initializers.has(name)
    const isWanted = (name: string) => wanted.has(name) && !this.#fixedByOutput.has(name)
    const ends = this.#model.outputs.filter(({ name }) => made.has(name))
    const passed = [...made].filter((name) => isWanted(name) && !ends.some((end) => end.name === name))
    return {
      name: this.#model.name,
      nodes: [...fixed, ...nodes],
      initializers: this.#model.initializers.filter(({ name }) => initializers.has(name)),
      inputs: [...taken].filter(isForeign).map((name) => this.#value(name)),
      outputs: [...ends, ...passed.map((name) => this.#value(name))],
    }
  }

  /** The initializers that nodes use and, in order, what makes other values of these. */
  #needed(nodes: readonly OnnxNode[]): { initializers: Set<string>; fixed: Set<OnnxNode> } {
    const initializers = new Set<string>()
    const fixed = new Set<OnnxNode>()
    const visit = (node: OnnxNode): void => {
      for (const input of node.inputs) {
        if (this.#initializers.has(input)) initializers.add(input)
        const source = this.#fixedByOutput.get(input)
        if (!source || fixed.has(source)) continue
        visit(source)
        fixed.add(source)
      }
    }
    for (const node of nodes) visit(node)
    return { initializers, fixed }
  }

  #float32Bytes(name: string): number {
    return (this.#initializers.get(name)?.shape ?? []).reduce((product, dimension) => product * dimension, 4)
  }

  #value(name: string): OnnxValue {
    const input = this.#model.inputs.find((value) => value.name === name)
    return input ?? { name, type: this.#types.get(name) ?? 'float', shape: null }
  }
}

/** The type of every value: float32, save of ids, shapes, choices and what is computed of them. */
function valueTypes({ nodes, inputs, initializers }: OnnxModel): Map<string, ElementType> {
  const types = new Map([...inputs, ...initializers].map(({ name, type }) => [name, type]))
  for (const { type, inputs: taken, outputs, attributes } of nodes) {
    // A choice between two has the type of either; its first input says which.
    const typed = types.get((type === 'Where' ? taken[1] : taken[0]) ?? '')
    const kept = type === 'Where' || KEEPS_TYPE.includes(type) ? typed : undefined
    const cast = type === 'Cast' ? TYPES_BY_NUMBER.get(Number(attributes['to'])) : undefined
    for (const output of outputs) types.set(output, MADE[type] ?? cast ?? kept ?? 'float')
  }
  return types
}

const TYPES_BY_NUMBER: ReadonlyMap<number, ElementType> = new Map(
  Object.entries(ELEMENT_TYPES).map(([type, number]) => [number, type as ElementType]),
)
