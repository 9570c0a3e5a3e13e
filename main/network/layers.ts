import type { Scope, Value } from './scope.ts'
import type { Part } from './stored-weight.ts'

interface ConvOptions {
  readonly kernel?: number
  readonly stride?: number
  /** top, left, bottom, right; by default what keeps the size at stride 1 */
  readonly padding?: readonly [number, number, number, number]
}

/** x [n, in, h, w] → [n, out, h', w']; with a bias where the checkpoint has one. */
export function conv(
  scope: Scope,
  x: Value,
  inChannels: number,
  outChannels: number,
  options: ConvOptions = {},
): Value {
  const { kernel = 3, stride = 1 } = options
  const edge = kernel >> 1
  const inputs = [x, scope.weight('weight', [outChannels, inChannels, kernel, kernel])]
  if (scope.has('bias')) inputs.push(scope.weight('bias', [outChannels]))
  return scope.node('Conv', inputs, {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: options.padding ?? [edge, edge, edge, edge],
  })
}

/** x [rows, in] → [rows, out]; with a bias where the checkpoint has one. `part` takes that part of its rows. */
export function linear(scope: Scope, x: Value, inWidth: number, outWidth: number, part?: Part): Value {
  const inputs = [x, scope.weight('weight', [outWidth, inWidth], part)]
  if (scope.has('bias')) inputs.push(scope.weight('bias', [outWidth], part))
  return scope.node('Gemm', inputs, { transB: 1 })
}

/** x·sigmoid(x) */
export function silu(scope: Scope, x: Value): Value {
  return scope.runtimeNode('QuickGelu', [x], { alpha: { float: 1 } })
}

/** x·sigmoid(1.702x), the approximation CLIP was trained with. */
export function quickGelu(scope: Scope, x: Value): Value {
  return scope.runtimeNode('QuickGelu', [x], { alpha: { float: 1.702 } })
}

/** With the exact error function. */
export function gelu(scope: Scope, x: Value): Value {
  return scope.node('Gelu', [x])
}

/** Over the last dimension, `width` long. */
export function layerNorm(scope: Scope, x: Value, width: number, eps: number): Value {
  const inputs = [x, scope.weight('weight', [width]), scope.weight('bias', [width])]
  return scope.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: eps } })
}

/**
 * softmax(q kᵀ / √d) v for each head; q [n, s, heads·d], k and v [n, t, heads·d].
 * @param attended int32 [n, t]: 0 for what no query attends to
 */
export function multiHeadAttention(
  scope: Scope,
  qkv: readonly [Value, Value, Value],
  heads: number,
  isCausal: boolean,
  attended?: Value,
): Value {
  const inputs = attended === undefined ? qkv : [...qkv, '', attended]
  return scope.runtimeNode('MultiHeadAttention', inputs, { num_heads: heads, unidirectional: isCausal ? 1 : 0 })
}

/** Each cell four times: [n, c, h, w] → [n, c, 2h, 2w]. */
export function doubled(scope: Scope, x: Value): Value {
  const attributes = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
  return scope.node('Resize', [x, '', scope.floats([1, 1, 2, 2])], attributes)
}

/** The top left of x [n, c, h, w], as high and wide as `like`. */
export function croppedTo(scope: Scope, x: Value, like: Value): Value {
  const size = scope.node('Shape', [like], { start: 2 })
  return scope.node('Slice', [x, scope.ints(0, 0), size, scope.ints(2, 3)])
}
