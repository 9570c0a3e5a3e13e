import type { UnetConfig } from '../checkpoint/config.ts'
import type { JoinedTokens } from './attention.ts'
import type { GraphBuilder } from './graph-builder.ts'
import { groupNorm } from './group-norm.ts'
import { joinedNames } from './image-prompt.ts'
import type { Scope, Value } from './scope.ts'
import { conv, linear, silu } from './layers.ts'
import { resnetBlock } from './resnet-block.ts'
import { spatialTransformer } from './spatial-transformer.ts'
import type { Context } from './spatial-transformer.ts'
import { timeEmbedding } from './time-embedding.ts'

/** A U-Net, or the copy of its first half that a ControlNet is, while it is being drawn. */
export interface Drawing {
  readonly scope: Scope
  readonly config: UnetConfig
  readonly sample: Value
  /** SiLU of the time embedding, [n, 4 · first block's channels] */
  readonly time: { readonly value: Value; readonly width: number }
  readonly context: Context
  /** Outputs of the way down that the way up has yet to take, last in first out. */
  readonly skips: Skip[]
  readonly tap: Tap
  /** float [n, 1, 1]: 1 for the items whose middle attends to itself alone */
  readonly perturbed?: Value
}

export interface Skip {
  readonly value: Value
  readonly channels: number
}

export type Tap = (name: string, value: Value) => void

/**
 * The inputs sample, timestep, context and, for models told more than the prompt, vector and guidance; embedded.
 * @param pictures how many pictures prompt beside the words: image_tokens.0 and image_scale.0 … are inputs too
 */
export function startDrawing(graph: GraphBuilder, config: UnetConfig, tap: Tap, pictures = 0): Drawing {
  const scope = graph.root
  const width = config.blockChannels[0] ?? 0
  const sample = graph.input('sample', 'float', ['n', config.inChannels, 'h', 'w'])
  const timestep = graph.input('timestep', 'float', ['n'])
  const prompt = graph.input('context', 'float', ['n', 't', config.crossAttentionDim])
  const { guidanceSize: size } = config
  const guidance = size === null ? null : { value: graph.input('guidance', 'float', ['n', size]), size }
  const told = timeEmbedding(scope.at('time_embedding'), timestep, width, guidance)
  tap('time_embed', told)
  const embedding = config.vector ? withVector(graph, told, config.vector.size, width * 4, tap) : told
  const time = { value: silu(scope, embedding), width: width * 4 }
  const context = {
    rows: scope.node('Reshape', [prompt, scope.ints(-1, config.crossAttentionDim)]),
    width: config.crossAttentionDim,
    batch: scope.node('Shape', [sample], { start: 0, end: 1 }),
    joined: Array.from({ length: pictures }, (_, i) => pictureTokens(graph, config, i)),
  }
  return { scope, config, sample, time, context, skips: [], tap }
}

function pictureTokens(graph: GraphBuilder, { crossAttentionDim: width }: UnetConfig, place: number): JoinedTokens {
  const tokens = graph.input(`image_tokens.${place}`, 'float', ['n', `t${place}`, width])
  const scale = graph.input(`image_scale.${place}`, 'float', [1])
  const rows = graph.root.node('Reshape', [tokens, graph.root.ints(-1, width)])
  return { rows, width, scale, names: joinedNames(place) }
}

/** The time embedding and, added to it, a vector's. Podell et al. 2023 (arXiv 2307.01952), section 2.2. */
function withVector(graph: GraphBuilder, time: Value, size: number, width: number, tap: Tap): Value {
  const scope = graph.root.at('add_embedding')
  const vector = graph.input('vector', 'float', ['n', size])
  const hidden = silu(scope, linear(scope.at('linear_1'), vector, size, width))
  const embedding = linear(scope.at('linear_2'), hidden, width, width)
  tap('label_emb', embedding)
  return scope.node('Add', [time, embedding])
}

/** The first half; leaves the skips. @param hint added to what the first convolution gives */
export function wayDown(drawing: Drawing, hint: Value | null = null): Value {
  const { scope, config, sample } = drawing
  let channels = config.blockChannels[0] ?? 0
  const first = conv(scope.at('conv_in'), sample, config.inChannels, channels)
  let h = keep(drawing, hint === null ? first : scope.node('Add', [first, hint]), channels)
  config.blockChannels.forEach((outChannels, level) => {
    const block = scope.at(`down_blocks.${level}`)
    const depth = config.downTransformerDepth[level] ?? 0
    for (let i = 0; i < config.layersPerBlock; i++) {
      h = resnet(drawing, block.at(`resnets.${i}`), h, channels, outChannels)
      h = keep(drawing, transformer(drawing, block.at(`attentions.${i}`), h, level, depth), outChannels)
      channels = outChannels
    }
    if (level < config.blockChannels.length - 1) {
      const half = conv(block.at('downsamplers.0.conv'), h, channels, channels, { stride: 2 })
      h = keep(drawing, half, channels)
    }
  })
  return h
}

export function middle(drawing: Drawing, x: Value): Value {
  const { config, tap } = drawing
  const level = config.blockChannels.length - 1
  const channels = config.blockChannels[level] ?? 0
  const block = drawing.scope.at('mid_block')
  let h = resnet(drawing, block.at('resnets.0'), x, channels, channels)
  h = transformer(drawing, block.at('attentions.0'), h, level, config.middleTransformerDepth, drawing.perturbed)
  h = resnet(drawing, block.at('resnets.1'), h, channels, channels)
  tap('middle_block', h)
  return h
}

export function resnet(drawing: Drawing, scope: Scope, x: Value, inChannels: number, outChannels: number): Value {
  const { normGroups: groups, normEps: eps } = drawing.config
  return resnetBlock(scope, x, { inChannels, outChannels, groups, eps, norm: groupNorm }, drawing.time)
}

export function transformer(
  drawing: Drawing,
  scope: Scope,
  x: Value,
  level: number,
  depth: number,
  perturbed?: Value,
): Value {
  const { config, context } = drawing
  if (depth === 0) return x
  const channels = config.blockChannels[level] ?? 0
  const heads = config.headCount[level] ?? 1
  return spatialTransformer(scope, x, context, { channels, depth, heads, groups: config.normGroups, perturbed })
}

function keep({ skips, tap }: Drawing, value: Value, channels: number): Value {
  tap(`input_blocks.${skips.length}`, value)
  skips.push({ value, channels })
  return value
}
