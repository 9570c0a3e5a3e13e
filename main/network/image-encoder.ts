import type { ImageEncoderConfig } from '../checkpoint/parts/image-encoder.ts'
import type { Component } from '../checkpoint/weights.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { attend } from './attention.ts'
import { GraphBuilder } from './graph-builder.ts'
import { conv, gelu, layerNorm, linear, quickGelu } from './layers.ts'
import type { Scope, Value } from './scope.ts'

const PROJECTIONS = ['q_proj', 'k_proj', 'v_proj', 'out_proj'] as const

/** The picture's own vector [n, p], or all tokens of the penultimate layer [n, t, d], not normed. */
export type ImageEncoderOutput = 'embedding' | 'hidden'

/**
 * CLIP's vision transformer: pixels [n, 3, size, size], normalised as it was trained → features.
 * Dosovitskiy et al. 2020 (arXiv 2010.11929), Radford et al. 2021 (arXiv 2103.00020), section 2.4.
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildImageEncoder(component: Component<ImageEncoderConfig>, output: ImageEncoderOutput): OnnxGraph {
  const { config, weights, deltas } = component
  const { hiddenSize: width, layerCount, sizePx, patchPx, normEps } = config
  const graph = new GraphBuilder('image encoder', weights, deltas)
  const scope = graph.root.at('vision_model')
  const pixels = graph.input('pixels', 'float', ['n', 3, sizePx, sizePx])
  const batch = scope.node('Shape', [pixels], { start: 0, end: 1 })
  const tokens = (sizePx / patchPx) ** 2 + 1
  let rows = layerNorm(
    scope.at('pre_layrnorm'),
    embedded(scope.at('embeddings'), pixels, batch, config),
    width,
    normEps,
  )
  const layers = output === 'hidden' ? layerCount - 1 : layerCount
  for (let i = 0; i < layers; i++) rows = encoderLayer(scope.at(`encoder.layers.${i}`), rows, batch, config)
  const states = scope.node('Reshape', [rows, scope.ints(-1, tokens, width)])
  if (output === 'hidden') {
    graph.output('features', states, ['n', tokens, width])
    return graph.finish()
  }
  const start = scope.node('Slice', [states, scope.ints(0), scope.ints(1), scope.ints(1)])
  const first = scope.node('Reshape', [start, scope.ints(-1, width)])
  const normal = layerNorm(scope.at('post_layernorm'), first, width, normEps)
  const { size, isTransposed } = config.projection
  const weight = graph.root.at('visual_projection').weight('weight', isTransposed ? [width, size] : [size, width])
  graph.output('features', scope.node('Gemm', [normal, weight], { transB: isTransposed ? 0 : 1 }), ['n', size])
  return graph.finish()
}

/** The class vector, then the patches row by row, each with its place's vector: rows [n·t, d]. */
function embedded(scope: Scope, pixels: Value, batch: Value, config: ImageEncoderConfig): Value {
  const { hiddenSize: width, sizePx, patchPx } = config
  const tokens = (sizePx / patchPx) ** 2 + 1
  const patches = conv(scope.at('patch_embedding'), pixels, 3, width, {
    kernel: patchPx,
    stride: patchPx,
    padding: [0, 0, 0, 0],
  })
  const cells = scope.node('Transpose', [scope.node('Reshape', [patches, scope.ints(0, width, -1)])], {
    perm: [0, 2, 1],
  })
  const size = scope.node('Concat', [batch, scope.ints(1, width)], { axis: 0 })
  const whole = scope.node('Expand', [scope.weight('class_embedding', [width]), size])
  const places = scope.weight('position_embedding.weight', [tokens, width])
  const placed = scope.node('Add', [scope.node('Concat', [whole, cells], { axis: 1 }), places])
  return scope.node('Reshape', [placed, scope.ints(-1, width)])
}

function encoderLayer(scope: Scope, x: Value, batch: Value, config: ImageEncoderConfig): Value {
  const { hiddenSize: width, intermediateSize: inner, headCount: heads, normEps: eps } = config
  const tokens = { rows: layerNorm(scope.at('layer_norm1'), x, width, eps), width }
  const h = scope.node('Add', [attend(scope.at('self_attn'), tokens, tokens, { heads, batch, names: PROJECTIONS }), x])
  const normal = layerNorm(scope.at('layer_norm2'), h, width, eps)
  const activate = config.activation === 'quick_gelu' ? quickGelu : gelu
  const hidden = activate(scope, linear(scope.at('mlp.fc1'), normal, width, inner))
  return scope.node('Add', [linear(scope.at('mlp.fc2'), hidden, inner, width), h])
}
