import type { PlainBlock, PlainUnetConfig } from '../checkpoint/ldm/plain-unet.ts'
import type { Component } from '../checkpoint/weights.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { groupNorm } from './group-norm.ts'
import { conv, croppedTo, doubled, linear, multiHeadAttention, silu } from './layers.ts'
import type { Scope, Value } from './scope.ts'
import { timeEmbedding } from './time-embedding.ts'

interface Drawing {
  readonly config: PlainUnetConfig
  /** SiLU of the time embedding, [n, 4 · width] */
  readonly time: Value
}

interface Level {
  readonly value: Value
  readonly channels: number
}

/**
 * The denoising network of models that are told nothing: sample [n, c, h, w], timestep float32 [n] → prediction [n, c, h, w].
 * Rombach et al. 2022 (arXiv 2112.10752), Table 12, after Dhariwal and Nichol 2021 (arXiv 2105.05233).
 * @throws StudioError checkpoint-unsupported, model-missing
 */
export function buildPlainUnet({ config, weights }: Component<PlainUnetConfig>): OnnxGraph {
  const graph = new GraphBuilder('U-Net', weights)
  const scope = graph.root
  const sample = graph.input('sample', 'float', ['n', config.inChannels, 'h', 'w'])
  const timestep = graph.input('timestep', 'float', ['n'])
  const time = silu(scope, timeEmbedding(scope.at('time_embed'), timestep, config.width, null))
  const drawing = { config, time }
  const first = conv(scope.at('input_blocks.0.0'), sample, config.inChannels, config.width)
  const skips: Level[] = [{ value: first, channels: config.width }]
  let at: Level = { value: first, channels: config.width }
  config.down.forEach((block, i) => {
    at = downwards(drawing, scope.at(`input_blocks.${i + 1}`), at, block)
    skips.push(at)
  })
  at = middle(drawing, scope.at('middle_block'), at)
  config.up.forEach((block, i) => {
    const skip = skips.pop()
    if (!skip) throw new Error('expected as many blocks on the way up as outputs on the way down')
    const value = scope.node('Concat', [at.value, skip.value], { axis: 1 })
    const joined = { value, channels: at.channels + skip.channels }
    at = upwards(drawing, scope.at(`output_blocks.${i}`), joined, block, skips.at(-1)?.value ?? '')
  })
  const normal = groupNorm(scope.at('out.0'), at.value, at.channels, config.normGroups, config.normEps)
  const prediction = conv(scope.at('out.2'), silu(scope, normal), at.channels, config.outChannels)
  graph.output('prediction', prediction, ['n', config.outChannels, 'h', 'w'])
  return graph.finish()
}

function downwards(drawing: Drawing, scope: Scope, { value, channels }: Level, block: PlainBlock): Level {
  if (block.resize === 'convolution') {
    return { value: conv(scope.at('0.op'), value, channels, block.channels, { stride: 2 }), channels: block.channels }
  }
  const resize = block.resize === 'resnet' ? halved : null
  const h = resnet(drawing, scope.at('0'), { value, channels }, block.channels, resize)
  return { value: attended(drawing, scope.at('1'), h, block), channels: block.channels }
}

function middle(drawing: Drawing, scope: Scope, { value, channels }: Level): Level {
  const block = { channels, heads: drawing.config.middleHeads }
  const h = resnet(drawing, scope.at('0'), { value, channels }, channels, null)
  const mixed = attended(drawing, scope.at('1'), h, block)
  return { value: resnet(drawing, scope.at('2'), { value: mixed, channels }, channels, null), channels }
}

/** @param next the skip of the size above: an odd one was halved on the way down, and what is doubled is cut to it */
function upwards(drawing: Drawing, scope: Scope, joined: Level, block: PlainBlock, next: Value): Level {
  const { channels, heads, resize } = block
  const value = attended(drawing, scope.at('1'), resnet(drawing, scope.at('0'), joined, channels, null), block)
  const last = scope.at(heads > 0 ? '2' : '1')
  const twice: Resize = (inner, x) => croppedTo(inner, doubled(inner, x), next)
  if (resize === 'convolution')
    return { value: conv(last.at('conv'), twice(last, value), channels, channels), channels }
  if (resize === 'resnet') return { value: resnet(drawing, last, { value, channels }, channels, twice), channels }
  return { value, channels }
}

type Resize = (scope: Scope, x: Value) => Value

/** The mean of each four cells. An odd last row or column, which the original never meets, is its own mean. */
const halved: Resize = (scope, x) =>
  scope.node('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1, count_include_pad: 0 })

/** Two convolutions around a shortcut; both change size with `resize`, between the first norm and its convolution. */
function resnet(drawing: Drawing, scope: Scope, x: Level, outChannels: number, resize: Resize | null): Value {
  const { normGroups, normEps, hasScaleShift, width } = drawing.config
  const first = silu(scope, groupNorm(scope.at('in_layers.0'), x.value, x.channels, normGroups, normEps))
  const h = conv(scope.at('in_layers.2'), resize ? resize(scope, first) : first, x.channels, outChannels)
  const size = hasScaleShift ? 2 * outChannels : outChannels
  const told = linear(scope.at('emb_layers.1'), drawing.time, 4 * width, size)
  const spread = scope.node('Unsqueeze', [told, scope.ints(2, 3)])
  const norm = (value: Value) => groupNorm(scope.at('out_layers.0'), value, outChannels, normGroups, normEps)
  const second = hasScaleShift ? scaledShifted(scope, norm(h), spread) : norm(scope.node('Add', [h, spread]))
  const changed = conv(scope.at('out_layers.3'), silu(scope, second), outChannels, outChannels)
  const shortcut = resize ? resize(scope, x.value) : x.value
  const fitted =
    x.channels === outChannels
      ? shortcut
      : conv(scope.at('skip_connection'), shortcut, x.channels, outChannels, { kernel: 1 })
  return scope.node('Add', [fitted, changed])
}

/** x · (1 + scale) + shift, scale and shift side by side in `told` [n, 2c, 1, 1]. */
function scaledShifted(scope: Scope, x: Value, told: Value): Value {
  const [scale = '', shift = ''] = scope.nodes('Split', [told], 2, { axis: 1, num_outputs: 2 })
  const factor = scope.node('Add', [scale, scope.floats([1], [])])
  return scope.node('Add', [scope.node('Mul', [x, factor]), shift])
}

/** Self-attention over all cells; query, key and value of one head lie side by side, then those of the next. */
function attended(
  { config }: Drawing,
  scope: Scope,
  x: Value,
  { channels, heads }: Pick<PlainBlock, 'channels' | 'heads'>,
): Value {
  if (heads === 0) return x
  const normal = groupNorm(scope.at('norm'), x, channels, config.normGroups, config.normEps)
  const cells = scope.node('Transpose', [normal], { perm: [0, 2, 3, 1] })
  const rows = scope.node('Reshape', [cells, scope.ints(-1, channels)])
  const batch = scope.node('Shape', [x], { start: 0, end: 1 })
  const sides = scope.node('Concat', [batch, scope.ints(-1, heads, 3, channels / heads)], { axis: 0 })
  const split = scope.node('Reshape', [linear(scope.at('qkv'), rows, channels, 3 * channels), sides])
  // [3, n, t, heads, d]
  const apart = scope.node('Transpose', [split], { perm: [3, 0, 1, 2, 4] })
  const three = scope.nodes('Split', [apart], 3, { axis: 0, num_outputs: 3 })
  const tokens = scope.node('Concat', [batch, scope.ints(-1, channels)], { axis: 0 })
  const [query = '', key = '', value = ''] = three.map((part) => scope.node('Reshape', [part, tokens]))
  const mixed = multiHeadAttention(scope, [query, key, value], heads, false)
  const flat = scope.node('Reshape', [mixed, scope.ints(-1, channels)])
  const image = scope.node('Reshape', [
    linear(scope.at('proj_out'), flat, channels, channels),
    scope.node('Shape', [cells]),
  ])
  return scope.node('Add', [x, scope.node('Transpose', [image], { perm: [0, 3, 1, 2] })])
}
