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
  /** int32 [n, t]: 0 for tokens of `to` that nothing attends to */
  readonly attended?: Value
  /** Names of the query, key, value and output projections. */
  readonly names?: readonly [string, string, string, string]
  /** What the same query also asks, by keys and values of its own. */
  readonly joined?: readonly JoinedTokens[]
  /** float [n, 1, 1]: 1 for the items of which each token attends to itself alone */
  readonly perturbed?: Value
}

/** Tokens of a picture that prompts. */
export interface JoinedTokens extends Tokens {
  /** Names of their key and value projections. */
  readonly names: readonly [string, string]
  /** float [1]: how much of what is found there is added */
  readonly scale: Value
}

const DIFFUSERS_NAMES = ['to_q', 'to_k', 'to_v', 'to_out.0'] as const

/**
 * Multi-head attention of `from` to `to`, projections included: [n·s, width of `from`].
 * Vaswani et al. 2017 (arXiv 1706.03762), section 3.2.2; without a padding mask unless one is given. With `joined` tokens it is the decoupled
 * cross-attention of Ye et al. 2023 (arXiv 2308.06721), section 3.2.
 */
export function attend(scope: Scope, from: Tokens, to: Tokens, shape: AttentionShape): Value {
  const { width } = from
  const [query, key, value, output] = shape.names ?? DIFFUSERS_NAMES
  const batched = scope.node('Concat', [shape.batch, scope.ints(-1, width)], { axis: 0 })
  const project = (name: string, { rows, width: inWidth }: Tokens): Value =>
    scope.node('Reshape', [linear(scope.at(name), rows, inWidth, width), batched])
  const asked = project(query, from)
  const answer = (keys: Value, answers: Value): Value =>
    multiHeadAttention(scope, [asked, keys, answers], shape.heads, shape.isCausal ?? false, shape.attended)
  const values = project(value, to)
  let mixed = answer(project(key, to), values)
  if (shape.perturbed !== undefined) mixed = towards(scope, mixed, values, shape.perturbed)
  for (const { names, scale, ...tokens } of shape.joined ?? []) {
    const more = answer(project(names[0], tokens), project(names[1], tokens))
    mixed = scope.node('Add', [mixed, scope.node('Mul', [more, scale])])
  }
  return linear(scope.at(output), scope.node('Reshape', [mixed, scope.ints(-1, width)]), width, width)
}

/** a + share * (b - a) */
function towards(scope: Scope, a: Value, b: Value, share: Value): Value {
  return scope.node('Add', [a, scope.node('Mul', [scope.node('Sub', [b, a]), share])])
}
