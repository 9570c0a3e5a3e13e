import { valueCount } from './tensor-index.ts'
import type { TensorEntry } from './tensor-index.ts'

/** A matrix [out, in·kernel] as a file of a LoRA holds it: whole, or as factors. */
export type DeltaMatrix =
  | { readonly kind: 'stored'; readonly entry: TensorEntry }
  /** left [out, r] · right [r, in·kernel] */
  | { readonly kind: 'product'; readonly left: TensorEntry; readonly right: TensorEntry }
  /**
   * Tucker decomposition, as of a convolution: the sum over a and b of left[out, a] · core[a, b, kernel] · right[b, in].
   * `isLeftTransposed`: left is stored [a, out].
   */
  | {
      readonly kind: 'tucker'
      readonly left: TensorEntry
      readonly isLeftTransposed: boolean
      readonly core: TensorEntry
      readonly right: TensorEntry
    }

/** How a weight changes. */
export type DeltaChange =
  | DeltaMatrix
  /** Two matrices multiplied value by value. */
  | { readonly kind: 'hadamard'; readonly factors: readonly [DeltaMatrix, DeltaMatrix] }
  /** The Kronecker product of outer [out₁, in₁] and inner [out₂, in₂·kernel]. */
  | { readonly kind: 'kronecker'; readonly outer: DeltaMatrix; readonly inner: DeltaMatrix }
  /** The weight itself times a factor for each of its outputs or inputs. */
  | { readonly kind: 'gain'; readonly entry: TensorEntry; readonly axis: DeltaAxis }

export type DeltaAxis = 'out' | 'in'

/** What a file adds to one weight W of a network: amount·scale·change; what several add is summed. */
export interface WeightDelta {
  readonly change: DeltaChange
  /** Of the file's own, its alpha over its rank. */
  readonly scale: number
  /** How much of it is asked for. */
  readonly amount: number
  /**
   * Of a weight-decomposed change (DoRA, Liu et al. 2024, arXiv 2402.09353): V = W + scale·change is brought to this length
   * along each output or input, and amount·(V' - W) is added.
   */
  readonly magnitude?: { readonly entry: TensorEntry; readonly axis: DeltaAxis }
}

/** By the name of the weight they change. */
export type WeightDeltas = ReadonlyMap<string, readonly WeightDelta[]>

/** Rows and columns of a stored matrix. */
export function matrixSize(matrix: DeltaMatrix): readonly [rows: number, columns: number] {
  if (matrix.kind === 'stored') return [matrix.entry.shape[0] ?? 1, valueCount(matrix.entry.shape.slice(1))]
  const { left, right } = matrix
  if (matrix.kind === 'product') return [left.shape[0] ?? 1, valueCount(right.shape.slice(1))]
  const kernel = valueCount(matrix.core.shape.slice(2))
  return [left.shape[matrix.isLeftTransposed ? 1 : 0] ?? 1, valueCount(right.shape.slice(1)) * kernel]
}
