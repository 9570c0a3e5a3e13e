import type { UnetConfig } from '../config.ts'
import { atLevel, TensorList } from './layers.ts'
import type { ExpectedTensors } from './layers.ts'

/** Every tensor that a U-Net of these dimensions needs. */
export function unetTensors(config: UnetConfig): ExpectedTensors {
  const { blockChannels, layersPerBlock, middleTransformerDepth } = config
  const list = new TensorList()
  const first = atLevel(blockChannels, 0)
  const timeSize = 4 * first
  list.conv('conv_in', config.inChannels, first, 3)
  list.linear('time_embedding.linear_1', first, timeSize)
  list.linear('time_embedding.linear_2', timeSize, timeSize)
  if (config.guidanceSize !== null) list.linear('time_embedding.cond_proj', config.guidanceSize, first, false)
  if (config.vector) {
    list.linear('add_embedding.linear_1', config.vector.size, timeSize)
    list.linear('add_embedding.linear_2', timeSize, timeSize)
  }

  for (const [level, channels] of blockChannels.entries()) {
    const block = `down_blocks.${level}`
    for (let j = 0; j < layersPerBlock; j++) {
      const inChannels = j === 0 ? atLevel(blockChannels, Math.max(0, level - 1)) : channels
      list.resnet(`${block}.resnets.${j}`, inChannels, channels, timeSize)
      spatialTransformer(
        list,
        `${block}.attentions.${j}`,
        channels,
        atLevel(config.downTransformerDepth, level),
        config,
      )
    }
    if (level < blockChannels.length - 1) list.conv(`${block}.downsamplers.0.conv`, channels, channels, 3)
  }

  const deepest = atLevel(blockChannels, blockChannels.length - 1)
  list.resnet('mid_block.resnets.0', deepest, deepest, timeSize)
  spatialTransformer(list, 'mid_block.attentions.0', deepest, middleTransformerDepth, config)
  list.resnet('mid_block.resnets.1', deepest, deepest, timeSize)

  upBlocks(list, config, timeSize)
  list.norm('conv_norm_out', first)
  list.conv('conv_out', first, config.outChannels, 3)
  return list.tensors
}

function upBlocks(list: TensorList, config: UnetConfig, timeSize: number): void {
  const { blockChannels, layersPerBlock } = config
  const levels = blockChannels.length
  let arriving = atLevel(blockChannels, levels - 1)
  for (let level = levels - 1; level >= 0; level--) {
    const block = `up_blocks.${levels - 1 - level}`
    const channels = atLevel(blockChannels, level)
    for (let j = 0; j <= layersPerBlock; j++) {
      // The last block of a level takes the skip that entered the level on the way down.
      const skip = j === layersPerBlock ? atLevel(blockChannels, Math.max(0, level - 1)) : channels
      list.resnet(`${block}.resnets.${j}`, arriving + skip, channels, timeSize)
      spatialTransformer(list, `${block}.attentions.${j}`, channels, atLevel(config.upTransformerDepth, level), config)
      arriving = channels
    }
    if (level > 0) list.conv(`${block}.upsamplers.0.conv`, channels, channels, 3)
  }
}

function spatialTransformer(list: TensorList, name: string, channels: number, depth: number, config: UnetConfig): void {
  if (depth === 0) return
  const project = (end: string) => {
    if (config.hasLinearProjections) list.linear(`${name}.${end}`, channels, channels)
    else list.conv(`${name}.${end}`, channels, channels, 1)
  }
  list.norm(`${name}.norm`, channels)
  project('proj_in')
  for (let k = 0; k < depth; k++) transformerBlock(list, `${name}.transformer_blocks.${k}`, channels, config)
  project('proj_out')
}

function transformerBlock(list: TensorList, name: string, channels: number, { crossAttentionDim }: UnetConfig): void {
  for (const [attention, contextSize] of [
    ['attn1', channels],
    ['attn2', crossAttentionDim],
  ] as const) {
    list.linear(`${name}.${attention}.to_q`, channels, channels, false)
    list.linear(`${name}.${attention}.to_k`, contextSize, channels, false)
    list.linear(`${name}.${attention}.to_v`, contextSize, channels, false)
    list.linear(`${name}.${attention}.to_out.0`, channels, channels)
  }
  // GEGLU: one layer makes the value and the gate, each four times as wide.
  list.linear(`${name}.ff.net.0.proj`, channels, 8 * channels)
  list.linear(`${name}.ff.net.2`, 4 * channels, channels)
  for (const norm of ['norm1', 'norm2', 'norm3']) list.norm(`${name}.${norm}`, channels)
}
