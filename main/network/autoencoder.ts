import type { AutoencoderConfig } from '../checkpoint/config.ts'
import { encodedChannels } from '../checkpoint/expected/autoencoder.ts'
import type { Component } from '../checkpoint/weights.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { attend } from './attention.ts'
import { GraphBuilder } from './graph-builder.ts'
import { pictureGroupNorm } from './group-norm.ts'
import type { Scope, Value } from './scope.ts'
import { conv, doubled, silu } from './layers.ts'
import { nearestEntries } from './codebook.ts'
import { resnetBlock } from './resnet-block.ts'

/** Of every norm of the autoencoder, unlike the U-Net's. */
const NORM_EPS = 1e-6
const LOGVAR_RANGE = [-30, 20] as const

/**
 * image [n, 3, h, w] in [-1, 1] → mean and logvar [n, c, h/f, w/f] of the latent's Gaussian, before the scaling factor.
 * Rombach et al. 2022 (arXiv 2112.10752), Appendix G; Esser et al. 2021 (arXiv 2012.09841), Table 7.
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildAutoencoderEncoder(component: Component<AutoencoderConfig>): OnnxGraph {
  const { config, weights } = component
  const { imageChannels, latentChannels } = config
  const graph = new GraphBuilder('autoencoder encoder', weights)
  const scope = graph.root
  const image = graph.input('image', 'float', ['n', imageChannels, 'h', 'w'])
  const moments = encode(scope.at('encoder'), image, config)
  const normal = config.hasQuantConv
    ? conv(scope.at('quant_conv'), moments, encodedChannels(config), encodedChannels(config), { kernel: 1 })
    : moments
  const [lowest, highest] = LOGVAR_RANGE
  // A latent that is rounded to a codebook has no spread.
  const spread = () => scope.node('Add', [scope.node('Sub', [normal, normal]), scope.floats([lowest], [])])
  const [mean = '', logvar = ''] =
    config.codebookSize === undefined
      ? scope.nodes('Split', [normal], 2, { axis: 1, num_outputs: 2 })
      : [normal, spread()]
  const shape = ['n', latentChannels, 'latent_h', 'latent_w']
  graph.output('mean', mean, shape)
  graph.output('logvar', scope.node('Clip', [logvar, scope.floats([lowest], []), scope.floats([highest], [])]), shape)
  return graph.finish()
}

/**
 * latent [n, c, h, w], already divided by the scaling factor → image [n, 3, f·h, f·w], not clamped to [-1, 1].
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildAutoencoderDecoder(component: Component<AutoencoderConfig>): OnnxGraph {
  const { config, weights } = component
  const { imageChannels, latentChannels } = config
  const graph = new GraphBuilder('autoencoder decoder', weights)
  const scope = graph.root
  const latent = graph.input('latent', 'float', ['n', latentChannels, 'h', 'w'])
  const rounded =
    config.codebookSize === undefined
      ? latent
      : nearestEntries(scope.at('quantize.embedding'), latent, latentChannels, config.codebookSize)
  const input = config.hasQuantConv
    ? conv(scope.at('post_quant_conv'), rounded, latentChannels, latentChannels, { kernel: 1 })
    : rounded
  const image = decode(scope.at('decoder'), input, config)
  graph.output('image', image, ['n', imageChannels, 'image_h', 'image_w'])
  return graph.finish()
}

function encode(scope: Scope, image: Value, config: AutoencoderConfig): Value {
  const { blockChannels, layersPerBlock, levelAttention = [] } = config
  let channels = blockChannels[0] ?? 0
  let h = conv(scope.at('conv_in'), image, config.imageChannels, channels)
  blockChannels.forEach((outChannels, level) => {
    const block = scope.at(`down_blocks.${level}`)
    for (let i = 0; i < layersPerBlock; i++) {
      h = resnet(block.at(`resnets.${i}`), h, channels, outChannels, config)
      channels = outChannels
      if (levelAttention[level]) h = selfAttention(block.at(`attentions.${i}`), h, channels, config.normGroups)
    }
    if (level < blockChannels.length - 1) {
      // The original pads right and bottom only.
      h = conv(block.at('downsamplers.0.conv'), h, channels, channels, { stride: 2, padding: [0, 0, 1, 1] })
    }
  })
  h = middle(scope.at('mid_block'), h, channels, config)
  return head(scope, h, channels, encodedChannels(config), config)
}

function decode(scope: Scope, latent: Value, config: AutoencoderConfig): Value {
  const { blockChannels, layersPerBlock, levelAttention = [] } = config
  const levels = [...blockChannels].reverse()
  let channels = levels[0] ?? 0
  let h = conv(scope.at('conv_in'), latent, config.latentChannels, channels)
  h = middle(scope.at('mid_block'), h, channels, config)
  levels.forEach((outChannels, index) => {
    const block = scope.at(`up_blocks.${index}`)
    for (let i = 0; i <= layersPerBlock; i++) {
      h = resnet(block.at(`resnets.${i}`), h, channels, outChannels, config)
      channels = outChannels
      const hasAttention = levelAttention[levels.length - 1 - index]
      if (hasAttention) h = selfAttention(block.at(`attentions.${i}`), h, channels, config.normGroups)
    }
    if (index < levels.length - 1) {
      const upsampler = block.at('upsamplers.0')
      h = conv(upsampler.at('conv'), doubled(upsampler, h), channels, channels)
    }
  })
  return head(scope, h, channels, config.imageChannels, config)
}

function middle(scope: Scope, x: Value, channels: number, config: AutoencoderConfig): Value {
  let h = resnet(scope.at('resnets.0'), x, channels, channels, config)
  if (config.hasMiddleAttention) h = selfAttention(scope.at('attentions.0'), h, channels, config.normGroups)
  return resnet(scope.at('resnets.1'), h, channels, channels, config)
}

/** One head as wide as the channels, over all cells of x [n, c, h, w]. */
function selfAttention(scope: Scope, x: Value, width: number, groups: number): Value {
  const normal = pictureGroupNorm(scope.at('group_norm'), x, width, groups, NORM_EPS)
  const cells = scope.node('Transpose', [normal], { perm: [0, 2, 3, 1] })
  const tokens = { rows: scope.node('Reshape', [cells, scope.ints(-1, width)]), width }
  const batch = scope.node('Shape', [x], { start: 0, end: 1 })
  const mixed = attend(scope, tokens, tokens, { heads: 1, batch })
  const image = scope.node('Reshape', [mixed, scope.node('Shape', [cells])])
  return scope.node('Add', [scope.node('Transpose', [image], { perm: [0, 3, 1, 2] }), x])
}

function head(scope: Scope, x: Value, channels: number, outChannels: number, config: AutoencoderConfig): Value {
  const normal = pictureGroupNorm(scope.at('conv_norm_out'), x, channels, config.normGroups, NORM_EPS)
  return conv(scope.at('conv_out'), silu(scope, normal), channels, outChannels)
}

function resnet(scope: Scope, x: Value, inChannels: number, outChannels: number, config: AutoencoderConfig): Value {
  const shape = { inChannels, outChannels, groups: config.normGroups, eps: NORM_EPS, norm: pictureGroupNorm }
  return resnetBlock(scope, x, shape, null)
}
