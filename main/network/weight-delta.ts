import { matrixSize } from '../checkpoint/weight-delta.ts'
import type { DeltaChange, DeltaMatrix, WeightDelta } from '../checkpoint/weight-delta.ts'
import { valueCount } from '../checkpoint/tensor-index.ts'
import type { TensorEntry } from '../checkpoint/tensor-index.ts'
import type { Scope, Value } from './scope.ts'
import type { Part } from './stored-weight.ts'

/** A weight that joined files change, and what it is drawn with. */
export interface ChangedWeight {
  readonly scope: Scope
  /** Of the part, or of the whole where `part` is absent: [out, in, …kernel]. */
  readonly shape: readonly number[]
  readonly part: Part | undefined
  readonly deltas: readonly WeightDelta[]
  /** The weight as the checkpoint has it, or a part of it, as float32 of that shape. */
  readonly base: (shape: readonly number[], part?: Part) => Value
  /** A tensor of the joined file as float32, its values taken to have this shape. */
  readonly factor: (entry: TensorEntry, shape: readonly number[], part?: Part) => Value
  /** Draws what several parts of one weight need once. */
  readonly once: (key: string, draw: () => Value) => Value
}

/** A whole weight as rows of outputs: [out, in·kernel]. */
interface Rows {
  readonly weight: ChangedWeight
  readonly out: number
  readonly columns: number
  /** Of the second dimension; what is left of the columns is the kernel. */
  readonly inputs: number
}

/** As LyCORIS has it, so that a length is never divided by zero: float32's epsilon. */
const LENGTH_EPSILON = 2 ** -23

/**
 * The weight with its deltas added: W + the sum of amount·scale·change. A plain LoRA is one Gemm, whose factors are read
 * where they lie. Every node has constant inputs, so that the runtime computes them once, when it folds constants.
 */
export function changedWeight(weight: ChangedWeight): Value {
  const { scope, shape, part, deltas } = weight
  const [height = 1, ...rest] = shape
  const columns = valueCount(rest)
  const rows: Rows = { weight, out: height * (part?.count ?? 1), columns, inputs: rest[0] ?? 1 }
  let value = asRows(scope, weight.base(shape, part), shape, columns)
  for (const [i, { change, scale, amount, magnitude }] of deltas.entries()) {
    if (change.kind === 'product' && !magnitude) {
      const rank = change.right.shape[0] ?? 1
      const left = weight.factor(change.left, [height, rank], part)
      const right = weight.factor(change.right, [rank, columns])
      value = scope.node('Gemm', [left, right, value], { alpha: { float: amount * scale } })
    } else {
      const added = weight.once(`delta ${i}`, () => addition(rows, deltas[i]))
      value = scope.node('Add', [value, part ? partOf(scope, added, height, part) : added])
    }
  }
  return rest.length === 1 ? value : scope.node('Reshape', [value, scope.ints(...shape)])
}

/** What a delta adds to the whole weight. */
function addition(rows: Rows, delta: WeightDelta | undefined): Value {
  if (!delta) throw new RangeError('expected a delta')
  const { change, scale, amount, magnitude } = delta
  const { scope } = rows.weight
  const raw = changeOf(rows, change)
  if (!magnitude) return scope.node('Mul', [raw, scope.floats([amount * scale], [])])
  const before = whole(rows)
  const after = scope.node('Add', [before, scope.node('Mul', [raw, scope.floats([scale], [])])])
  const added = scope.node('Sub', [broughtToLength(rows, after, magnitude), before])
  return scope.node('Mul', [added, scope.floats([amount], [])])
}

/** V·(m / |V|), the length taken along each output's row, or over all that belongs to one input. */
function broughtToLength(rows: Rows, value: Value, { entry, axis }: NonNullable<WeightDelta['magnitude']>): Value {
  const { weight, out, columns, inputs } = rows
  const { scope } = weight
  const shape = axis === 'out' ? [out, 1, columns] : [out, inputs, columns / inputs]
  const blocks = scope.node('Reshape', [value, scope.ints(...shape)])
  const axes = axis === 'out' ? scope.ints(2) : scope.ints(0, 2)
  const lengths = scope.node('ReduceL2', [blocks, axes], { keepdims: 1 })
  const magnitude = weight.factor(entry, axis === 'out' ? [out, 1, 1] : [1, inputs, 1])
  const ratio = scope.node('Div', [magnitude, scope.node('Add', [lengths, scope.floats([LENGTH_EPSILON], [])])])
  return scope.node('Reshape', [scope.node('Mul', [blocks, ratio]), scope.ints(out, columns)])
}

/** The change by itself, unscaled: [out, columns]. */
function changeOf(rows: Rows, change: DeltaChange): Value {
  const { weight, out, columns, inputs } = rows
  const { scope } = weight
  switch (change.kind) {
    case 'hadamard': {
      const [a, b] = change.factors
      return scope.node('Mul', [matrix(weight, a, out, columns), matrix(weight, b, out, columns)])
    }
    case 'kronecker': {
      const [outerOut, outerIn] = matrixSize(change.outer)
      const [innerOut, innerIn] = [out / outerOut, columns / outerIn]
      const outer = matrix(weight, change.outer, outerOut, outerIn)
      const inner = matrix(weight, change.inner, innerOut, innerIn)
      const spread = scope.node('Reshape', [outer, scope.ints(outerOut, 1, outerIn, 1)])
      const repeated = scope.node('Reshape', [inner, scope.ints(1, innerOut, 1, innerIn)])
      return scope.node('Reshape', [scope.node('Mul', [spread, repeated]), scope.ints(out, columns)])
    }
    case 'gain': {
      const shape = change.axis === 'out' ? [out, 1, 1] : [1, inputs, 1]
      const blocks = scope.node('Reshape', [whole(rows), scope.ints(out, inputs, columns / inputs)])
      const gained = scope.node('Mul', [blocks, weight.factor(change.entry, shape)])
      return scope.node('Reshape', [gained, scope.ints(out, columns)])
    }
    default:
      return matrix(weight, change, out, columns)
  }
}

/** A matrix of the joined file: [out, columns]. */
function matrix({ scope, factor }: ChangedWeight, stored: DeltaMatrix, out: number, columns: number): Value {
  if (stored.kind === 'stored') return factor(stored.entry, [out, columns])
  const { left, right } = stored
  if (stored.kind === 'product') {
    const rank = right.shape[0] ?? 1
    return scope.node('MatMul', [factor(left, [out, rank]), factor(right, [rank, columns])])
  }
  const { core, isLeftTransposed } = stored
  const [a = 1, b = 1, ...kernel] = core.shape
  const inputs = columns / valueCount(kernel)
  const operands = [
    factor(left, isLeftTransposed ? [a, out] : [out, a]),
    factor(core, [a, b, valueCount(kernel)]),
    factor(right, [b, inputs]),
  ]
  const sum = scope.node('Einsum', operands, { equation: `${isLeftTransposed ? 'ao' : 'oa'},abk,bi->oik` })
  return scope.node('Reshape', [sum, scope.ints(out, columns)])
}

function whole({ weight, out, columns }: Rows): Value {
  const [, ...rest] = weight.shape
  const shape = [out, ...rest]
  return weight.once('whole', () => asRows(weight.scope, weight.base(shape), shape, columns))
}

function asRows(scope: Scope, value: Value, shape: readonly number[], columns: number): Value {
  return shape.length === 2 ? value : scope.node('Reshape', [value, scope.ints(-1, columns)])
}

function partOf(scope: Scope, value: Value, height: number, { index }: Part): Value {
  return scope.node('Slice', [value, scope.ints(index * height), scope.ints((index + 1) * height), scope.ints(0)])
}
