import type { ExpectedTensors } from '../expected/layers.ts'
import { TensorList } from '../expected/layers.ts'
import type { TensorIndex } from '../tensor-index.ts'
import type { NameMap } from '../weights.ts'
import { lookup } from './dimensions.ts'
import type { HeadSplit, Lookup } from './dimensions.ts'
import { LDM_UNET } from './names.ts'

/** A U-Net that is told nothing but the time: ResNet blocks and self-attention, block by block as the original code counts them. */
export interface PlainUnetConfig {
  readonly inChannels: number
  readonly outChannels: number
  /** Of the first convolution. */
  readonly width: number
  /** input_blocks.1 and on. */
  readonly down: readonly PlainBlock[]
  /** Heads of the attention in the middle. */
  readonly middleHeads: number
  /** output_blocks.0 and on. */
  readonly up: readonly PlainBlock[]
  /** The time embedding scales and shifts what the second norm gives, instead of being added before it. */
  readonly hasScaleShift: boolean
  readonly normGroups: number
  readonly normEps: number
}

export interface PlainBlock {
  /** A ResNet block to this many channels; a halving convolution alone has none. */
  readonly channels: number
  readonly hasResnet: boolean
  /** 0 is no attention. */
  readonly heads: number
  /** Half the size on the way down, twice on the way up: by a convolution, or inside of a ResNet block of its own. */
  readonly resize: 'none' | 'convolution' | 'resnet'
}

const NORM = { normGroups: 32, normEps: 1e-5 } as const

/**
 * The dimensions of such a U-Net from tensor names and shapes.
 * @throws StudioError checkpoint-unsupported
 */
export function plainUnetConfig(index: TensorIndex, split: HeadSplit): PlainUnetConfig {
  const look = lookup(index, LDM_UNET)
  const heads = (channels: number) => ('count' in split ? split.count : channels / split.width)
  const up = upBlocks(look, heads)
  const perLevel = up.length / (up.filter(({ resize }) => resize !== 'none').length + 1)
  const down = downBlocks(look, heads, perLevel)
  const expected = up.length - 1
  if (!Number.isInteger(perLevel) || down.length !== expected) {
    throw look.fail(
      `expected ${expected} blocks on the way down, as ${up.length} on the way up need, found ${down.length}`,
    )
  }
  const [width = 0, inChannels = 0] = look.shape('input_blocks.0.0.weight')
  const deepest = look.shape('middle_block.0.out_layers.3.weight')[0] ?? 0
  return {
    inChannels,
    outChannels: look.shape('out.2.weight')[0] ?? 0,
    width,
    down,
    middleHeads: heads(deepest),
    up,
    hasScaleShift: look.shape('middle_block.0.emb_layers.1.weight')[0] === 2 * deepest,
    ...NORM,
  }
}

/** A ResNet block that only halves the size has the names of any other: its place tells it. */
function downBlocks(look: Lookup, heads: (channels: number) => number, perLevel: number): PlainBlock[] {
  const blocks: PlainBlock[] = []
  for (let i = 1; ; i++) {
    const block = `input_blocks.${i}`
    if (look.has(`${block}.0.op.weight`)) {
      const channels = look.shape(`${block}.0.op.weight`)[0] ?? 0
      blocks.push({ channels, hasResnet: false, heads: 0, resize: 'convolution' })
    } else if (look.has(`${block}.0.in_layers.2.weight`)) {
      const channels = look.shape(`${block}.0.in_layers.2.weight`)[0] ?? 0
      const isHalving = i % perLevel === 0
      blocks.push({
        channels,
        hasResnet: !isHalving,
        heads: look.has(`${block}.1.qkv.weight`) ? heads(channels) : 0,
        resize: isHalving ? 'resnet' : 'none',
      })
    } else return blocks
  }
}

function upBlocks(look: Lookup, heads: (channels: number) => number): PlainBlock[] {
  const blocks: PlainBlock[] = []
  for (let i = 0; look.has(`output_blocks.${i}.0.in_layers.2.weight`); i++) {
    const block = `output_blocks.${i}`
    const channels = look.shape(`${block}.0.in_layers.2.weight`)[0] ?? 0
    const hasAttention = look.has(`${block}.1.qkv.weight`)
    const last = `${block}.${hasAttention ? 2 : 1}`
    const resize = look.has(`${last}.conv.weight`)
      ? 'convolution'
      : look.has(`${last}.in_layers.2.weight`)
        ? 'resnet'
        : 'none'
    blocks.push({ channels, hasResnet: true, heads: hasAttention ? heads(channels) : 0, resize })
  }
  return blocks
}

/** Every tensor that such a U-Net needs, by the original's names. */
export function plainUnetTensors(config: PlainUnetConfig): ExpectedTensors {
  const { width, down, up } = config
  const list = new TensorList()
  const time = 4 * width
  list.linear('time_embed.linear_1', width, time)
  list.linear('time_embed.linear_2', time, time)
  list.conv('input_blocks.0.0', config.inChannels, width, 3)
  const skips = [width]
  let channels = width
  for (const [i, block] of down.entries()) {
    const name = `input_blocks.${i + 1}`
    if (block.resize === 'convolution') list.conv(`${name}.0.op`, channels, block.channels, 3)
    else resnet(list, `${name}.0`, channels, block.channels, config)
    if (block.heads > 0) attention(list, `${name}.1`, block.channels)
    channels = block.channels
    skips.push(channels)
  }
  resnet(list, 'middle_block.0', channels, channels, config)
  attention(list, 'middle_block.1', channels)
  resnet(list, 'middle_block.2', channels, channels, config)
  for (const [i, block] of up.entries()) {
    const name = `output_blocks.${i}`
    resnet(list, `${name}.0`, channels + (skips.pop() ?? 0), block.channels, config)
    channels = block.channels
    if (block.heads > 0) attention(list, `${name}.1`, channels)
    const last = `${name}.${block.heads > 0 ? 2 : 1}`
    if (block.resize === 'convolution') list.conv(`${last}.conv`, channels, channels, 3)
    if (block.resize === 'resnet') resnet(list, last, channels, channels, config)
  }
  list.norm('out.0', channels)
  list.conv('out.2', channels, config.outChannels, 3)
  return list.tensors
}

function resnet(list: TensorList, name: string, inChannels: number, channels: number, config: PlainUnetConfig): void {
  list.norm(`${name}.in_layers.0`, inChannels)
  list.conv(`${name}.in_layers.2`, inChannels, channels, 3)
  list.linear(`${name}.emb_layers.1`, 4 * config.width, config.hasScaleShift ? 2 * channels : channels)
  list.norm(`${name}.out_layers.0`, channels)
  list.conv(`${name}.out_layers.3`, channels, channels, 3)
  if (inChannels !== channels) list.conv(`${name}.skip_connection`, inChannels, channels, 1)
}

function attention(list: TensorList, name: string, channels: number): void {
  list.norm(`${name}.norm`, channels)
  // One-dimensional convolutions over the cells.
  for (const [part, size] of [
    ['qkv', 3 * channels],
    ['proj_out', channels],
  ] as const) {
    list.tensors.set(`${name}.${part}.weight`, [size, channels, 1])
    list.tensors.set(`${name}.${part}.bias`, [size])
  }
}

/** The original's own names. Its averaged copies, which it samples with, are called the same without any dot. */
export const plainUnetNames: NameMap = (name) => averagedFirst(own(name))

function own(name: string): string {
  return (
    LDM_UNET + name.replace('time_embed.linear_1.', 'time_embed.0.').replace('time_embed.linear_2.', 'time_embed.2.')
  )
}

/** The averaged copy of a tensor of the U-Net, where a file has it, stands before the live one. */
export function averagedFirst(stored: string): [averaged: string, live: string] {
  return [`model_ema.${stored.replace(/^model\./, '').replaceAll('.', '')}`, stored]
}
