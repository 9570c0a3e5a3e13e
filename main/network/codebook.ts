import type { Scope, Value } from './scope.ts'

/**
 * Each cell of x [n, c, h, w] replaced by the codebook's nearest vector. Of |x - e|² the term |x|² is the same for all
 * entries and left out. van den Oord et al. 2017 (arXiv 1711.00937), section 3.1.
 */
export function nearestEntries(scope: Scope, x: Value, channels: number, entries: number): Value {
  const table = scope.weight('weight', [entries, channels])
  const cells = scope.node('Transpose', [x], { perm: [0, 2, 3, 1] })
  const rows = scope.node('Reshape', [cells, scope.ints(-1, channels)])
  const lengths = scope.node('ReduceSumSquare', [table, scope.ints(1)], { keepdims: 0 })
  // [cells, entries]
  const distances = scope.node('Gemm', [rows, table, lengths], { alpha: { float: -2 }, transB: 1 })
  const nearest = scope.node('ArgMin', [distances], { axis: 1, keepdims: 0 })
  const taken = scope.node('Reshape', [scope.node('Gather', [table, nearest]), scope.node('Shape', [cells])])
  return scope.node('Transpose', [taken], { perm: [0, 3, 1, 2] })
}
