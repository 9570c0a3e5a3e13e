import { tensor } from './tensor.ts'
import type { Tensor } from './tensor.ts'

/**
 * The sum of weight * tensor over the terms, of one shape; each element is summed in float64 and rounded to float32 once.
 * @throws RangeError when the shapes differ
 */
export function weightedSum(first: readonly [number, Tensor], ...more: (readonly [number, Tensor])[]): Tensor {
  const [weight, { shape, data }] = first
  for (const [, term] of more) {
    if (!isSameShape(term.shape, shape)) {
      throw new RangeError(`expected a tensor of shape [${shape.join(', ')}], found [${term.shape.join(', ')}]`)
    }
  }
  return tensor(
    shape,
    data.map((value, i) => more.reduce((sum, [w, term]) => sum + w * (term.data[i] ?? NaN), weight * value)),
  )
}

/** share * a + (1 - share) * b */
export function lerp(a: Tensor, b: Tensor, share: number): Tensor {
  return weightedSum([share, a], [1 - share, b])
}

export function scaled(x: Tensor, factor: number): Tensor {
  return weightedSum([factor, x])
}

/** Each element brought into [-limit, limit]. */
export function clamped(x: Tensor, limit: number): Tensor {
  return tensor(
    x.shape,
    x.data.map((value) => Math.min(Math.max(value, -limit), limit)),
  )
}

export function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension === b[i])
}
