import { valueCount } from '../../tensor-index.ts'
import { matrixSize } from '../../weight-delta.ts'
import type { DeltaMatrix } from '../../weight-delta.ts'
import type { ModuleChange } from './changes.ts'

/** Whether a change is of a weight of this shape, [out, in, …kernel]. */
export function isOfShape({ change, magnitude }: ModuleChange, shape: readonly number[]): boolean {
  const [out = 1, inputs = 1, ...kernel] = shape
  const columns = inputs * valueCount(kernel)
  const along = { out, in: inputs }
  if (magnitude && valueCount(magnitude.entry.shape) !== along[magnitude.axis]) return false
  const isWhole = (matrix: DeltaMatrix): boolean => isSound(matrix) && isSize(matrixSize(matrix), out, columns)
  switch (change.kind) {
    case 'gain':
      return valueCount(change.entry.shape) === along[change.axis]
    case 'hadamard':
      return change.factors.every(isWhole)
    case 'kronecker': {
      const [rows, width] = matrixSize(change.outer)
      const [innerRows, innerWidth] = matrixSize(change.inner)
      return (
        isSound(change.outer) && isSound(change.inner) && isSize([rows * innerRows, width * innerWidth], out, columns)
      )
    }
    default:
      return isWhole(change)
  }
}

/** The ranks of the factors agree, and none is empty. */
function isSound(matrix: DeltaMatrix): boolean {
  if (matrix.kind === 'stored') return valueCount(matrix.entry.shape) > 0
  if (valueCount(matrix.left.shape) * valueCount(matrix.right.shape) === 0) return false
  const [rows] = matrixSize(matrix)
  const leftValues = valueCount(matrix.left.shape)
  const rank = matrix.right.shape[0] ?? 1
  if (matrix.kind === 'product') return leftValues === rows * rank
  const [a = 1, b = 1] = matrix.core.shape
  return leftValues === rows * a && b === rank
}

function isSize([rows, columns]: readonly [number, number], out: number, wanted: number): boolean {
  return rows === out && columns === wanted
}
