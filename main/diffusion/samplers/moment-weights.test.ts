import { expect, test } from 'vitest'
import { momentWeights } from './moment-weights.ts'

test.each([
  [[0], 1],
  [[0, 0.7], 2],
  [[0, 0.7, 1.9], 3],
  [[0, 0.7, 1.9, 2.2], 4],
])('the weights of nodes at %j integrate polynomials of as many terms exactly', (nodes, count) => {
  // over [-1, 0]
  const moments = nodes.map((_, i) => (-1) ** i / (i + 1))
  const weights = momentWeights(nodes, moments)
  for (let power = 0; power < count; power++) {
    const sum = nodes.reduce((total, node, k) => total + (weights[k] ?? NaN) * node ** power, 0)
    expect(sum).toBeCloseTo(moments[power] ?? NaN, 12)
  }
})
