import { adapterName, crossAttentions, RESAMPLER_HEAD_WIDTH } from '../checkpoint/parts/ip-adapter.ts'
import type { IpAdapterConfig, ResamplerConfig } from '../checkpoint/parts/ip-adapter.ts'
import type { UnetConfig } from '../checkpoint/config.ts'
import type { Component, Weights } from '../checkpoint/weights.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { gelu, layerNorm, linear, multiHeadAttention } from './layers.ts'
import type { Scope, Value } from './scope.ts'

const NORM_EPS = 1e-5

/**
 * What an IP-Adapter makes of an image encoder's features, [n, p] or [n, t, p]: tokens [n, t, context's width] for the
 * U-Net. Ye et al. 2023 (arXiv 2308.06721), section 3.2.
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildImageProjection({ config, weights }: Component<IpAdapterConfig>): OnnxGraph {
  const { projection, crossAttentionDim: width } = config
  const graph = new GraphBuilder('image projection', weights)
  const scope = graph.root.at('image_proj')
  const isWhole = projection.kind === 'linear'
  const features = graph.input('features', 'float', isWhole ? ['n', projection.inSize] : ['n', 't', projection.inSize])
  const batch = scope.node('Shape', [features], { start: 0, end: 1 })
  const rows = scope.node('Reshape', [features, scope.ints(-1, projection.inSize)])
  const tokens = tokenRows(scope, rows, batch, config)
  const size = scope.node('Concat', [batch, scope.ints(-1, width)], { axis: 0 })
  graph.output('tokens', scope.node('Reshape', [tokens, size]), ['n', 'tokens', width])
  return graph.finish()
}

/** Rows [n·t, context's width]. */
function tokenRows(scope: Scope, features: Value, batch: Value, config: IpAdapterConfig): Value {
  const { projection, crossAttentionDim: width } = config
  switch (projection.kind) {
    case 'linear': {
      const wide = linear(scope.at('proj'), features, projection.inSize, projection.tokens * width)
      return layerNorm(scope.at('norm'), scope.node('Reshape', [wide, scope.ints(-1, width)]), width, NORM_EPS)
    }
    case 'mlp': {
      const { inSize, hiddenSize } = projection
      const hidden = gelu(scope, linear(scope.at('proj.0'), features, inSize, hiddenSize))
      return layerNorm(scope.at('proj.3'), linear(scope.at('proj.2'), hidden, hiddenSize, width), width, NORM_EPS)
    }
    case 'resampler': {
      const latents = resampled(scope, features, batch, projection)
      const out = linear(scope.at('proj_out'), latents, projection.width, width)
      return layerNorm(scope.at('norm_out'), out, width, NORM_EPS)
    }
  }
}

/** Learned queries that ask the picture's tokens and one another. Alayrac et al. 2022 (arXiv 2204.14198), section 2.1. */
function resampled(scope: Scope, features: Value, batch: Value, config: ResamplerConfig): Value {
  const { inSize, tokens, width, depth, feedForwardSize } = config
  const x = linear(scope.at('proj_in'), features, inSize, width)
  const size = scope.node('Concat', [batch, scope.ints(tokens, width)], { axis: 0 })
  const start = scope.node('Expand', [scope.weight('latents', [1, tokens, width]), size])
  let latents = scope.node('Reshape', [start, scope.ints(-1, width)])
  for (let i = 0; i < depth; i++) {
    const layer = scope.at(`layers.${i}`)
    latents = scope.node('Add', [perceive(layer.at('0'), x, latents, batch, config), latents])
    const forward = layer.at('1')
    const normal = layerNorm(forward.at('0'), latents, width, NORM_EPS)
    const hidden = gelu(scope, linear(forward.at('1'), normal, width, feedForwardSize))
    latents = scope.node('Add', [linear(forward.at('3'), hidden, feedForwardSize, width), latents])
  }
  return latents
}

function perceive(scope: Scope, x: Value, latents: Value, batch: Value, config: ResamplerConfig): Value {
  const { width, innerSize } = config
  const batched = (rows: Value, size: number) =>
    scope.node('Reshape', [rows, scope.node('Concat', [batch, scope.ints(-1, size)], { axis: 0 })])
  const asking = layerNorm(scope.at('norm2'), latents, width, NORM_EPS)
  const seen = batched(layerNorm(scope.at('norm1'), x, width, NORM_EPS), width)
  const all = scope.node('Concat', [seen, batched(asking, width)], { axis: 1 })
  const rows = scope.node('Reshape', [all, scope.ints(-1, width)])
  const half = (index: number) =>
    batched(linear(scope.at('to_kv'), rows, width, innerSize, { index, count: 2 }), innerSize)
  const query = batched(linear(scope.at('to_q'), asking, width, innerSize), innerSize)
  const mixed = multiHeadAttention(scope, [query, half(0), half(1)], innerSize / RESAMPLER_HEAD_WIDTH, false)
  return linear(scope.at('to_out'), scope.node('Reshape', [mixed, scope.ints(-1, innerSize)]), innerSize, width)
}

/** Names, beside a cross-attention's own, of the projections that an adapter brings. @param place among the adapters */
export function joinedNames(place: number): readonly [key: string, value: string] {
  return [`to_k_ip.${place}`, `to_v_ip.${place}`]
}

/** A U-Net's weights and, beside each cross-attention's own, those that the adapters bring. */
export function withAdapters(unet: Component<UnetConfig>, adapters: readonly Component<IpAdapterConfig>[]): Weights {
  const places = new Map<string, { weights: Weights; name: string }>()
  for (const [i, { weights }] of adapters.entries()) {
    const [key, value] = joinedNames(i)
    for (const [place, { name }] of crossAttentions(unet.config).entries()) {
      places.set(`${name}.${key}.weight`, { weights, name: `${adapterName(place, 'to_k_ip')}.weight` })
      places.set(`${name}.${value}.weight`, { weights, name: `${adapterName(place, 'to_v_ip')}.weight` })
    }
  }
  return {
    names: [...unet.weights.names, ...places.keys()],
    find(name) {
      const place = places.get(name)
      return place ? place.weights.find(place.name) : unet.weights.find(name)
    },
    require(name) {
      const place = places.get(name)
      return place ? place.weights.require(place.name) : unet.weights.require(name)
    },
  }
}
