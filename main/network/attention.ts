import type { Scope, Value } from './scope.ts'
import { linear, multiHeadAttention } from './layers.ts'

/** What is attended to: token vectors of all the batch's items, one a row. */
export interface Tokens {
  /** [n·t, width] */
  readonly rows: Value
  readonly width: number
}

export interface AttentionShape {
  readonly heads: number
  /** int64 [1]: n, of which rows hold no trace */
  readonly batch: Value
  readonly isCausal?: boolean
  /** Names of the query, key, value and output projections. */
  readonly names?: readonly [string, string, string, string]
}

const DIFFUSERS_NAMES = ['to_q', 'to_k', 'to_v', 'to_out.0'] as const

/**
 * Multi-head attention of `from` to `to`, projections included: [n·s, width of `from`].
 * Vaswani et al. 2017 (arXiv 1706.03762), section 3.2.2; no padding mask.
 */
export function attend(scope: Scope, from: Tokens, to: Tokens, shape: AttentionShape): Value {
  const { width } = from
  const [query, key, value, output] = shape.names ?? DIFFUSERS_NAMES
  const batched = scope.node('Concat', [shape.batch, scope.ints(-1, width)], { axis: 0 })
  const project = (name: string, { rows, width: inWidth }: Tokens): Value =>
    scope.node('Reshape', [linear(scope.at(name), rows, inWidth, width), batched])
  const qkv = [project(query, from), project(key, to), project(value, to)] as const
  const mixed = multiHeadAttention(scope, qkv, shape.heads, shape.isCausal ?? false)
  return linear(scope.at(output), scope.node('Reshape', [mixed, scope.ints(-1, width)]), width, width)
}
