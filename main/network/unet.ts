import type { UnetConfig } from '../checkpoint/config.ts'
import type { Component } from '../checkpoint/weights.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { groupNorm } from './group-norm.ts'
import type { Scope, Value } from './scope.ts'
import { conv, croppedTo, doubled, linear, silu } from './layers.ts'
import { resnetBlock } from './resnet-block.ts'
import { spatialTransformer } from './spatial-transformer.ts'
import type { Context } from './spatial-transformer.ts'
import { timeEmbedding } from './time-embedding.ts'

export interface UnetOptions {
  /** Also give the inner activations, by the original's names: time_embed, input_blocks.0 …, middle_block, output_blocks.0 … */
  readonly withTaps?: boolean
}

interface Drawing {
  readonly scope: Scope
  readonly config: UnetConfig
  /** SiLU of the time embedding, [n, 4 · first block's channels] */
  readonly time: { readonly value: Value; readonly width: number }
  readonly context: Context
  /** Outputs of the way down that the way up has yet to take, last in first out. */
  readonly skips: { readonly value: Value; readonly channels: number }[]
  readonly tap: Tap
}

type Tap = (name: string, value: Value) => void

/**
 * The denoising network: sample [n, c, h, w], timestep float32 [n], context [n, t, d], and for models told more than the
 * prompt vector [n, v] → prediction [n, c, h, w].
 * Ho et al. 2020 (arXiv 2006.11239), Appendix B, with the spatial transformers of Rombach et al. 2022 (arXiv 2112.10752).
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildUnet(component: Component<UnetConfig>, options: UnetOptions = {}): OnnxGraph {
  const { config, weights } = component
  const graph = new GraphBuilder('U-Net', weights)
  const scope = graph.root
  const width = config.blockChannels[0] ?? 0
  const sample = graph.input('sample', 'float', ['n', config.inChannels, 'h', 'w'])
  const timestep = graph.input('timestep', 'float', ['n'])
  const prompt = graph.input('context', 'float', ['n', 't', config.crossAttentionDim])
  const tap: Tap = (name, value) => {
    if (options.withTaps) graph.output(name, value)
  }

  const told = timeEmbedding(scope.at('time_embedding'), timestep, width)
  tap('time_embed', told)
  const embedding = config.vector ? withVector(graph, told, config.vector.size, width * 4, tap) : told
  const time = { value: silu(scope, embedding), width: width * 4 }
  const context = {
    rows: scope.node('Reshape', [prompt, scope.ints(-1, config.crossAttentionDim)]),
    width: config.crossAttentionDim,
    batch: scope.node('Shape', [sample], { start: 0, end: 1 }),
  }
  const drawing: Drawing = { scope, config, time, context, skips: [], tap }
  const h = wayUp(drawing, middle(drawing, wayDown(drawing, sample)))
  const normal = groupNorm(scope.at('conv_norm_out'), h, width, config.normGroups, config.normEps)
  const prediction = conv(scope.at('conv_out'), silu(scope, normal), width, config.outChannels)
  graph.output('prediction', prediction, ['n', config.outChannels, 'h', 'w'])
  return graph.finish()
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

function wayDown(drawing: Drawing, sample: Value): Value {
  const { scope, config } = drawing
  let channels = config.blockChannels[0] ?? 0
  let h = keep(drawing, conv(scope.at('conv_in'), sample, config.inChannels, channels), channels)
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

function middle(drawing: Drawing, x: Value): Value {
  const { config, tap } = drawing
  const level = config.blockChannels.length - 1
  const channels = config.blockChannels[level] ?? 0
  const block = drawing.scope.at('mid_block')
  let h = resnet(drawing, block.at('resnets.0'), x, channels, channels)
  h = transformer(drawing, block.at('attentions.0'), h, level, config.middleTransformerDepth)
  h = resnet(drawing, block.at('resnets.1'), h, channels, channels)
  tap('middle_block', h)
  return h
}

function wayUp(drawing: Drawing, x: Value): Value {
  const { config, skips, tap } = drawing
  const levels = config.blockChannels.length
  let channels = config.blockChannels[levels - 1] ?? 0
  let h = x
  let blockCount = 0
  for (let level = levels - 1; level >= 0; level--) {
    const block = drawing.scope.at(`up_blocks.${levels - 1 - level}`)
    const outChannels = config.blockChannels[level] ?? 0
    const depth = config.upTransformerDepth[level] ?? 0
    for (let i = 0; i <= config.layersPerBlock; i++) {
      const skip = skips.pop()
      if (!skip) throw new Error('expected as many blocks on the way up as outputs on the way down')
      const joined = block.node('Concat', [h, skip.value], { axis: 1 })
      h = resnet(drawing, block.at(`resnets.${i}`), joined, channels + skip.channels, outChannels)
      h = transformer(drawing, block.at(`attentions.${i}`), h, level, depth)
      channels = outChannels
      if (i === config.layersPerBlock && level > 0) h = upsample(drawing, block.at('upsamplers.0'), h, channels)
      tap(`output_blocks.${blockCount++}`, h)
    }
  }
  return h
}

/** Twice the size, or the next skip's when an odd one was halved on the way down. */
function upsample({ skips }: Drawing, scope: Scope, x: Value, channels: number): Value {
  const next = skips.at(-1)?.value ?? ''
  return conv(scope.at('conv'), croppedTo(scope, doubled(scope, x), next), channels, channels)
}

function resnet({ config, time }: Drawing, scope: Scope, x: Value, inChannels: number, outChannels: number): Value {
  const { normGroups: groups, normEps: eps } = config
  return resnetBlock(scope, x, { inChannels, outChannels, groups, eps, norm: groupNorm }, time)
}

function transformer({ config, context }: Drawing, scope: Scope, x: Value, level: number, depth: number): Value {
  if (depth === 0) return x
  const channels = config.blockChannels[level] ?? 0
  const heads = config.headCount[level] ?? 1
  return spatialTransformer(scope, x, context, { channels, depth, heads, groups: config.normGroups })
}

function keep({ skips, tap }: Drawing, value: Value, channels: number): Value {
  tap(`input_blocks.${skips.length}`, value)
  skips.push({ value, channels })
  return value
}
