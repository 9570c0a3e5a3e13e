import type { TinyAutoencoderConfig } from '../checkpoint/tiny-autoencoder.ts'
import type { Component } from '../checkpoint/weights.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { conv, doubled } from './layers.ts'
import type { Scope, Value } from './scope.ts'

/** Speaks as the autoencoder that it stands in for: latents before this scaling factor, and the encoder's log-variance too. */
export interface StandIn {
  readonly scalingFactor: number
}

/** So low that the deviation is 0: a tiny autoencoder gives one latent, no distribution. */
const NO_LOGVAR = -1000

/**
 * TAESD's encoder: image [n, 3, h, w] in [-1, 1] → mean [n, c, h/8, w/8], in the U-Net's scale already.
 * Ollin Boer Bohan, github.com/madebyollin/taesd; it works on images in [0, 1].
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildTinyEncoder({ config, weights }: Component<TinyAutoencoderConfig>, standIn?: StandIn): OnnxGraph {
  const { imageChannels, latentChannels, channels, blocks } = config
  const graph = new GraphBuilder('tiny autoencoder encoder', weights)
  const scope = graph.root
  const layers = scope.at('encoder.layers')
  const image = graph.input('image', 'float', ['n', imageChannels, 'h', 'w'])
  let layer = 0
  let h = conv(layers.at(`${layer++}`), affine(scope, image, 0.5, 0.5), imageChannels, channels)
  for (const [i, count] of blocks.entries()) {
    if (i > 0) h = conv(layers.at(`${layer++}`), h, channels, channels, { stride: 2 })
    for (let j = 0; j < count; j++) h = block(layers.at(`${layer++}`), h, channels)
  }
  const latent = conv(layers.at(`${layer}`), h, channels, latentChannels)
  const shape = ['n', latentChannels, 'latent_h', 'latent_w']
  graph.output('mean', standIn ? affine(scope, latent, 1 / standIn.scalingFactor, 0) : latent, shape)
  if (standIn) graph.output('logvar', affine(scope, latent, 0, NO_LOGVAR), shape)
  return graph.finish()
}

/**
 * TAESD's decoder: latent [n, c, h, w] in the U-Net's scale → image [n, 3, 8h, 8w], about -1 to 1.
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildTinyDecoder({ config, weights }: Component<TinyAutoencoderConfig>, standIn?: StandIn): OnnxGraph {
  const { imageChannels, latentChannels, channels, blocks } = config
  const graph = new GraphBuilder('tiny autoencoder decoder', weights)
  const scope = graph.root
  const layers = scope.at('decoder.layers')
  const latent = graph.input('latent', 'float', ['n', latentChannels, 'h', 'w'])
  // A clamp without corners: 3·tanh(x / 3).
  const third = scope.node('Mul', [latent, scope.floats([(standIn?.scalingFactor ?? 1) / 3])])
  const clamped = scope.node('Mul', [scope.node('Tanh', [third]), scope.floats([3])])
  let h = scope.node('Relu', [conv(layers.at('0'), clamped, latentChannels, channels)])
  // Layer 1 is that activation, and each upsampling counts as a layer.
  let layer = 2
  for (const [i, count] of blocks.entries()) {
    if (i > 0) {
      h = conv(layers.at(`${layer + 1}`), doubled(layers.at(`${layer}`), h), channels, channels)
      layer += 2
    }
    for (let j = 0; j < count; j++) h = block(layers.at(`${layer++}`), h, channels)
  }
  const image = conv(layers.at(`${layer}`), h, channels, imageChannels)
  graph.output('image', affine(scope, image, 2, -1), ['n', imageChannels, 'image_h', 'image_w'])
  return graph.finish()
}

/** relu(x + three convolutions of it) */
function block(scope: Scope, x: Value, channels: number): Value {
  let h = x
  for (const inner of [0, 2, 4]) {
    h = conv(scope.at(`conv.${inner}`), h, channels, channels)
    if (inner < 4) h = scope.node('Relu', [h])
  }
  return scope.node('Relu', [scope.node('Add', [h, x])])
}

/** x·scale + shift */
function affine(scope: Scope, x: Value, scale: number, shift: number): Value {
  return scope.node('Add', [scope.node('Mul', [x, scope.floats([scale])]), scope.floats([shift])])
}
