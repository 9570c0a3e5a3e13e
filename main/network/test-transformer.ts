import { randomFill } from '../checkpoint/parts/test-controlnet.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { loadNetwork } from '../runtime/network.ts'
import type { Feed } from '../runtime/network.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Token vectors in float64, one a row. */
export type Rows = number[][]

/** The rows of a tensor's last dimension. */
export function rowsOf({ shape, data }: Tensor): Rows {
  const width = shape.at(-1) ?? 1
  return Array.from({ length: data.length / width }, (_, i) => [...data.subarray(i * width, (i + 1) * width)])
}

export function sum(a: Rows, b: Rows): Rows {
  return a.map((row, i) => row.map((value, j) => value + (b[i]?.[j] ?? NaN)))
}

/** x Wᵀ + b, W [out, in] */
export function linear(x: Rows, weight: readonly number[], bias: readonly number[] | null, out: number): Rows {
  return x.map((row) =>
    Array.from({ length: out }, (_, j) =>
      row.reduce((total, value, i) => total + value * (weight[j * row.length + i] ?? NaN), bias?.[j] ?? 0),
    ),
  )
}

export function layerNorm(x: Rows, weight: readonly number[], bias: readonly number[]): Rows {
  return x.map((row) => {
    const mean = row.reduce((total, value) => total + value, 0) / row.length
    const variance = row.reduce((total, value) => total + (value - mean) ** 2, 0) / row.length
    return row.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * (weight[i] ?? NaN) + (bias[i] ?? NaN))
  })
}

/** softmax(q kᵀ / √d) v, head by head */
export function attended(q: Rows, k: Rows, v: Rows, heads: number): Rows {
  const width = (q[0]?.length ?? 0) / heads
  return q.map((query) =>
    query.map((_, j) => {
      const head = Math.floor(j / width) * width
      const scores = k.map((key) => {
        let score = 0
        for (let i = head; i < head + width; i++) score += (query[i] ?? NaN) * (key[i] ?? NaN)
        return Math.exp(score / Math.sqrt(width))
      })
      const total = scores.reduce((all, score) => all + score, 0)
      return scores.reduce((all, score, i) => all + (score / total) * (v[i]?.[j] ?? NaN), 0)
    }),
  )
}

export function quickGelu(x: Rows): Rows {
  return x.map((row) => row.map((value) => value / (1 + Math.exp(-1.702 * value))))
}

/** x Φ(x), Φ by its integral in steps: slow, and exact enough to compare with. */
export function gelu(x: Rows): Rows {
  return x.map((row) => row.map((value) => value * normalBelow(value)))
}

function normalBelow(x: number): number {
  const steps = 400
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI)
  let area = 0
  for (let i = 0; i < steps; i++) {
    const [from, to] = [(x * i) / steps, (x * (i + 1)) / steps]
    area += ((to - from) / 6) * (density(from) + 4 * density((from + to) / 2) + density(to))
  }
  return 0.5 + area
}

/** A graph's outputs for these inputs; closes it again. */
export async function run(graph: OnnxGraph, feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Tensor>> {
  const network = await loadNetwork(graph)
  try {
    return await network.run(feeds)
  } finally {
    await network.release()
  }
}

/** The weights of `randomFill` for a linear layer [out, in], or for a norm, whose weights are of one row. */
export function weights(name: string, shape: number[]): number[] {
  return [...(randomFill(name, shape) ?? [])]
}

/** A norm of these random weights. */
export function norm(x: Rows, name: string): Rows {
  const [width] = [x[0]?.length ?? 0]
  return layerNorm(x, weights(`${name}.weight`, [width]), weights(`${name}.bias`, [width]))
}

/** A linear layer of these random weights. */
export function dense(x: Rows, name: string, out: number, hasBias = true): Rows {
  const width = x[0]?.length ?? 0
  return linear(x, weights(`${name}.weight`, [out, width]), hasBias ? weights(`${name}.bias`, [out]) : null, out)
}
