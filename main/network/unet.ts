import type { UnetConfig } from '../checkpoint/config.ts'
import type { Component } from '../checkpoint/weights.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import type { Scope, Value } from './graph-builder.ts'
import { conv, doubled, groupNorm, linear, silu } from './layers.ts'
import { resnetBlock } from './resnet-block.ts'
import { spatialTransformer } from './spatial-transformer.ts'
import type { Context } from './spatial-transformer.ts'

export interface UnetOptions {
  /** Also give the inner activations, under the block names of the original: time_embed, input_blocks.0 … output_blocks.11 */
  readonly withTaps?: boolean
  readonly divisible?: boolean
}

/**
 * The noise predictor: sample [n, c, h, w], timestep [n], context [n, t, d] → prediction [n, c, h, w].
 * Ho et al. 2020 (arXiv 2006.11239), Appendix B, with the spatial transformers of Rombach et al. 2022 (arXiv 2112.10752).
 * @throws StudioError checkpoint-unsupported on missing or misshapen weights
 */
export function buildUnet(component: Component<UnetConfig>, options: UnetOptions = {}): OnnxGraph {
  return new UnetDrawing(component, options).draw()
}

class UnetDrawing {
  readonly graph: GraphBuilder
  readonly scope: Scope
  readonly config: UnetConfig
  readonly options: UnetOptions
  readonly timeWidth: number
  time: Value = ''
  context: Context = { rows: '', width: 0, batch: '' }
  /** Outputs of the way down, each taken once on the way up. */
  readonly skips: { value: Value; channels: number }[] = []
  tapCounts = { input: 0, output: 0 }

  constructor({ config, weights }: Component<UnetConfig>, options: UnetOptions) {
    this.graph = new GraphBuilder('U-Net', weights)
    this.scope = this.graph.root
    this.config = config
    this.options = options
    this.timeWidth = (config.blockChannels[0] ?? 0) * 4
  }

  draw(): OnnxGraph {
    const { graph, scope, config } = this
    const sample = graph.input('sample', 'float', ['n', config.inChannels, 'h', 'w'])
    const timestep = graph.input('timestep', 'float', ['n'])
    const context = graph.input('context', 'float', ['n', 't', config.crossAttentionDim])
    const first = config.blockChannels[0] ?? 0
    const embedding = timeEmbedding(scope, timestep, first)
    this.tap('time_embed', embedding)
    this.time = silu(scope.at('time_embedding'), embedding)
    this.context = {
      rows: scope.node('Reshape', [context, scope.ints(-1, config.crossAttentionDim)]),
      width: config.crossAttentionDim,
      batch: scope.node('Shape', [sample], { start: 0, end: 1 }),
    }
    let h = this.push(conv(scope.at('conv_in'), sample, config.inChannels, first), first)
    h = this.middle(this.down(h))
    h = this.up(h)
    h = silu(scope, groupNorm(scope.at('conv_norm_out'), h, first, config.normGroups, config.normEps))
    graph.output('prediction', conv(scope.at('conv_out'), h, first, config.outChannels), [
      'n',
      config.outChannels,
      'h',
      'w',
    ])
    return graph.finish()
  }

  down(x: Value): Value {
    const { config, scope } = this
    let h = x
    let channels = config.blockChannels[0] ?? 0
    config.blockChannels.forEach((outChannels, level) => {
      const block = scope.at(`down_blocks.${level}`)
      for (let i = 0; i < config.layersPerBlock; i++) {
        h = this.resnet(block.at(`resnets.${i}`), h, channels, outChannels)
        h = this.transformer(block.at(`attentions.${i}`), h, level, config.downTransformerDepth[level] ?? 0)
        channels = outChannels
        this.push(h, channels)
      }
      if (level < config.blockChannels.length - 1) {
        h = this.push(conv(block.at('downsamplers.0.conv'), h, channels, channels, { stride: 2 }), channels)
      }
    })
    return h
  }

  middle(x: Value): Value {
    const { config } = this
    const level = config.blockChannels.length - 1
    const channels = config.blockChannels[level] ?? 0
    const block = this.scope.at('mid_block')
    let h = this.resnet(block.at('resnets.0'), x, channels, channels)
    h = this.transformer(block.at('attentions.0'), h, level, config.middleTransformerDepth)
    h = this.resnet(block.at('resnets.1'), h, channels, channels)
    this.tap('middle_block', h)
    return h
  }

  up(x: Value): Value {
    const { config, scope } = this
    const levels = config.blockChannels.length
    let h = x
    let channels = config.blockChannels[levels - 1] ?? 0
    for (let level = levels - 1; level >= 0; level--) {
      const block = scope.at(`up_blocks.${levels - 1 - level}`)
      const outChannels = config.blockChannels[level] ?? 0
      for (let i = 0; i <= config.layersPerBlock; i++) {
        const skip = this.skips.pop()
        if (skip === undefined) throw new Error('the way up has one block more per level than the way down')
        const joined = block.node('Concat', [h, skip.value], { axis: 1 })
        h = this.resnet(block.at(`resnets.${i}`), joined, channels + skip.channels, outChannels)
        h = this.transformer(block.at(`attentions.${i}`), h, level, config.upTransformerDepth[level] ?? 0)
        channels = outChannels
        if (i === config.layersPerBlock && level > 0) h = this.upsample(block.at('upsamplers.0'), h, channels)
        this.tap(`output_blocks.${this.tapCounts.output++}`, h)
      }
    }
    return h
  }

  upsample(scope: Scope, x: Value, channels: number): Value {
    const large = doubled(scope, x)
    if (this.options.divisible ?? true) return conv(scope.at('conv'), large, channels, channels)
    const skip = this.skips.at(-1)
    const size = scope.node('Shape', [skip?.value ?? ''], { start: 2 })
    const cropped = scope.node('Slice', [large, scope.ints(0, 0), size, scope.ints(2, 3)])
    return conv(scope.at('conv'), cropped, channels, channels)
  }

  resnet(scope: Scope, x: Value, inChannels: number, outChannels: number): Value {
    const { normGroups: groups, normEps: eps } = this.config
    return resnetBlock(scope, x, { inChannels, outChannels, groups, eps }, { value: this.time, width: this.timeWidth })
  }

  transformer(scope: Scope, x: Value, level: number, depth: number): Value {
    if (depth === 0) return x
    const { config } = this
    const shape = {
      channels: config.blockChannels[level] ?? 0,
      depth,
      heads: config.headCount[level] ?? 1,
      groups: config.normGroups,
    }
    return spatialTransformer(scope, x, this.context, shape)
  }

  push(value: Value, channels: number): Value {
    this.skips.push({ value, channels })
    this.tap(`input_blocks.${this.tapCounts.input++}`, value)
    return value
  }

  tap(name: string, value: Value): void {
    if (this.options.withTaps) this.graph.output(name, value)
  }
}

/** Sinusoids [cos | sin] of the timestep, then two linear layers: [n, 4c]. */
function timeEmbedding(scope: Scope, timestep: Value, channels: number): Value {
  const half = channels / 2
  const frequencies = Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10000) * i) / half))
  const angles = scope.node('Mul', [scope.node('Unsqueeze', [timestep, scope.ints(1)]), scope.floats(frequencies)])
  const waves = scope.node('Concat', [scope.node('Cos', [angles]), scope.node('Sin', [angles])], { axis: 1 })
  const hidden = silu(scope, linear(scope.at('time_embedding.linear_1'), waves, channels, channels * 4))
  return linear(scope.at('time_embedding.linear_2'), hidden, channels * 4, channels * 4)
}
