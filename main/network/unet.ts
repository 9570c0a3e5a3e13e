import type { UnetConfig } from '../checkpoint/config.ts'
import type { IpAdapterConfig } from '../checkpoint/parts/ip-adapter.ts'
import type { Component } from '../checkpoint/weights.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { groupNorm } from './group-norm.ts'
import { withAdapters } from './image-prompt.ts'
import type { Scope, Value } from './scope.ts'
import { conv, croppedTo, doubled, silu } from './layers.ts'
import { middle, resnet, startDrawing, transformer, wayDown } from './unet-way-down.ts'
import type { Drawing, Tap } from './unet-way-down.ts'

export interface UnetOptions {
  /** Also give the inner activations, by the original's names: time_embed, input_blocks.0 …, middle_block, output_blocks.0 … */
  readonly withTaps?: boolean
  /** Also take what ControlNets give: residuals.0 …, added to the skips in the order of the way down, and residuals.middle. */
  readonly withResiduals?: boolean
  /** Also take tokens of pictures that prompt, one image_tokens.0 … each, and image_scale.0 …, how much each counts. */
  readonly adapters?: readonly Component<IpAdapterConfig>[]
  /**
   * Also take perturbed, float [n]: 1 for the items whose middle attends to itself alone. Ahn et al. 2024 (arXiv 2403.17377),
   * section 3.2.
   */
  readonly withPerturbation?: boolean
}

/**
 * The denoising network: sample [n, c, h, w], timestep float32 [n], context [n, t, d], and for models told more than the
 * prompt vector [n, v] → prediction [n, c, h, w].
 * Ho et al. 2020 (arXiv 2006.11239), Appendix B, with the spatial transformers of Rombach et al. 2022 (arXiv 2112.10752).
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildUnet(component: Component<UnetConfig>, options: UnetOptions = {}): OnnxGraph {
  const { config } = component
  const { adapters = [] } = options
  const weights = adapters.length === 0 ? component.weights : withAdapters(component, adapters)
  const graph = new GraphBuilder('U-Net', weights, component.deltas)
  const tap: Tap = (name, value) => {
    if (options.withTaps) graph.output(name, value)
  }
  const started = startDrawing(graph, config, tap, adapters.length)
  const drawing = options.withPerturbation ? { ...started, perturbed: perturbedItems(graph) } : started
  const { scope } = drawing
  const inner = middle(drawing, wayDown(drawing))
  const h = wayUp(drawing, options.withResiduals ? withResiduals(graph, drawing, inner) : inner)
  const width = config.blockChannels[0] ?? 0
  const normal = groupNorm(scope.at('conv_norm_out'), h, width, config.normGroups, config.normEps)
  const prediction = conv(scope.at('conv_out'), silu(scope, normal), width, config.outChannels)
  graph.output('prediction', prediction, ['n', config.outChannels, 'h', 'w'])
  return graph.finish()
}

function perturbedItems(graph: GraphBuilder): Value {
  return graph.root.node('Reshape', [graph.input('perturbed', 'float', ['n']), graph.root.ints(-1, 1, 1)])
}

/** Names of the residuals that go with a U-Net of `skips` skips, the middle's last. */
export function residualNames(skips: number): string[] {
  return [...Array.from({ length: skips }, (_, i) => `residuals.${i}`), 'residuals.middle']
}

/** Adds the ControlNets' residuals to the skips; the middle's output with its own. Zhang et al. 2023 (arXiv 2302.05543), section 3.2. */
function withResiduals(graph: GraphBuilder, { scope, config, skips }: Drawing, inner: Value): Value {
  const places = [...skips, { value: inner, channels: config.blockChannels.at(-1) ?? 0 }]
  const sums = residualNames(skips.length).map((name, i) => {
    const { value = '', channels = 0 } = places[i] ?? {}
    const residual = graph.input(name, 'float', ['n', channels, `h${i}`, `w${i}`])
    return { value: scope.node('Add', [value, residual]), channels }
  })
  skips.splice(0, skips.length, ...sums.slice(0, -1))
  return sums.at(-1)?.value ?? inner
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
