import { attend } from './attention.ts'
import type { JoinedTokens, Tokens } from './attention.ts'
import { groupNorm } from './group-norm.ts'
import type { Scope, Value } from './scope.ts'
import { conv, gelu, layerNorm, linear } from './layers.ts'

/** Not the ResNet blocks' eps: in the original these norms are built by another function. */
const INPUT_NORM_EPS = 1e-6
const LAYER_NORM_EPS = 1e-5

export interface TransformerShape {
  readonly channels: number
  /** Transformer blocks in it. */
  readonly depth: number
  readonly heads: number
  readonly groups: number
  /** float [n, 1, 1]: 1 for the items whose cells attend to themselves alone */
  readonly perturbed?: Value | undefined
}

/** The encoded prompt. */
export interface Context extends Tokens {
  /** int64 [1]: the batch size */
  readonly batch: Value
  /** Pictures that prompt beside it. */
  readonly joined?: readonly JoinedTokens[]
}

/**
 * Transformer blocks over the cells of x [n, c, h, w], with a residual around them all.
 * proj_in and proj_out are drawn as 1x1 convolutions, also where the checkpoint has linear layers: it is the same sum.
 * Rombach et al. 2022 (arXiv 2112.10752), Appendix E.2.
 */
export function spatialTransformer(scope: Scope, x: Value, context: Context, shape: TransformerShape): Value {
  const { channels, groups, depth } = shape
  const normal = groupNorm(scope.at('norm'), x, channels, groups, INPUT_NORM_EPS)
  const projected = conv(scope.at('proj_in'), normal, channels, channels, { kernel: 1 })
  const cells = scope.node('Transpose', [projected], { perm: [0, 2, 3, 1] })
  let rows = scope.node('Reshape', [cells, scope.ints(-1, channels)]) // [n·h·w, c]
  for (let i = 0; i < depth; i++) rows = transformerBlock(scope.at(`transformer_blocks.${i}`), rows, context, shape)
  const mixed = scope.node('Reshape', [rows, scope.node('Shape', [cells])])
  const image = scope.node('Transpose', [mixed], { perm: [0, 3, 1, 2] })
  return scope.node('Add', [conv(scope.at('proj_out'), image, channels, channels, { kernel: 1 }), x])
}

function transformerBlock(scope: Scope, x: Value, context: Context, shape: TransformerShape): Value {
  const { channels: width, heads, perturbed } = shape
  const { batch, joined = [] } = context
  const norm = (name: string, rows: Value): Tokens => ({
    rows: layerNorm(scope.at(name), rows, width, LAYER_NORM_EPS),
    width,
  })
  const cells = norm('norm1', x)
  const self = { heads, batch, ...(perturbed === undefined ? {} : { perturbed }) }
  let h = scope.node('Add', [attend(scope.at('attn1'), cells, cells, self), x])
  h = scope.node('Add', [attend(scope.at('attn2'), norm('norm2', h), context, { heads, batch, joined }), h])
  return scope.node('Add', [feedForward(scope.at('ff'), norm('norm3', h)), h])
}

/** GEGLU: the first half of the projection is the value, the second the gate. Shazeer 2020 (arXiv 2002.05202). */
function feedForward(scope: Scope, { rows, width }: Tokens): Value {
  const inner = width * 4
  const projection = scope.at('net.0.proj')
  const value = linear(projection, rows, width, inner, { index: 0, count: 2 })
  const gate = linear(projection, rows, width, inner, { index: 1, count: 2 })
  return linear(scope.at('net.2'), scope.node('Mul', [value, gelu(scope, gate)]), inner, width)
}
