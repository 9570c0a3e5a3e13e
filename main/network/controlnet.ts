import type { ControlNetConfig } from '../checkpoint/parts/controlnet.ts'
import type { Component } from '../checkpoint/weights.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { conv, silu } from './layers.ts'
import type { Scope, Value } from './scope.ts'
import { residualNames } from './unet.ts'
import { middle, startDrawing, wayDown } from './unet-way-down.ts'

/**
 * A ControlNet: the U-Net's inputs, hint [n, 3, H, W] in 0 to 1 at the picture's size, and scale [1] → the residuals of
 * each skip and of the middle, times scale, by the names of the U-Net's inputs.
 * Zhang et al. 2023 (arXiv 2302.05543), section 3.
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildControlNet(component: Component<ControlNetConfig>): OnnxGraph {
  const { config } = component
  const graph = new GraphBuilder('ControlNet', component.weights, component.deltas)
  const picture = graph.input('hint', 'float', ['n', config.hintChannels, 'H', 'W'])
  const scale = graph.input('scale', 'float', [1])
  const drawing = startDrawing(graph, config.unet, () => undefined)
  const hint = embedded(graph.root.at('controlnet_cond_embedding'), picture, config)
  const inner = middle(drawing, wayDown(drawing, hint))

  const names = residualNames(drawing.skips.length)
  const places = [...drawing.skips, { value: inner, channels: config.unet.blockChannels.at(-1) ?? 0 }]
  places.forEach(({ value, channels }, i) => {
    const isMiddle = i === drawing.skips.length
    const scope = graph.root.at(isMiddle ? 'controlnet_mid_block' : `controlnet_down_blocks.${i}`)
    const residual = conv(scope, value, channels, channels, { kernel: 1 })
    graph.output(names[i] ?? '', scope.node('Mul', [residual, scale]), ['n', channels, `h${i}`, `w${i}`])
  })
  return graph.finish()
}

/** The picture in the latent's size and the first block's width: convolutions, every other of which halves. */
function embedded(scope: Scope, picture: Value, { hintChannels, hintWidths, unet }: ControlNetConfig): Value {
  const [first, ...wider] = hintWidths
  let h = silu(scope, conv(scope.at('conv_in'), picture, hintChannels, first))
  let width = first
  for (const [i, next] of wider.entries()) {
    h = silu(scope, conv(scope.at(`blocks.${2 * i}`), h, width, width))
    h = silu(scope, conv(scope.at(`blocks.${2 * i + 1}`), h, width, next, { stride: 2 }))
    width = next
  }
  return conv(scope.at('conv_out'), h, width, unet.blockChannels[0] ?? 0)
}
