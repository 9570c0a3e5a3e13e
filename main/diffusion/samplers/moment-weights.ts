/**
 * Weights of the values at `nodes` that give sum(weight * node^i) = moments[i]: with the moments of an integral they
 * integrate the polynomial through those values exactly.
 * @param moments one for each node
 */
export function momentWeights(nodes: readonly number[], moments: readonly number[]): number[] {
  return nodes.map((node, k) => {
    // the polynomial that is 1 at this node and 0 at the others, lowest power first
    let basis = [1]
    for (const [j, other] of nodes.entries()) {
      if (j === k) continue
      basis = [0, ...basis].map((shifted, i) => (shifted - other * (basis[i] ?? 0)) / (node - other))
    }
    return basis.reduce((sum, coefficient, i) => sum + coefficient * (moments[i] ?? NaN), 0)
  })
}
