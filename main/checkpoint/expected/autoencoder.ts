import type { AutoencoderConfig } from '../config.ts'
import { atLevel, TensorList } from './layers.ts'
import type { ExpectedTensors } from './layers.ts'

/** Every tensor that an autoencoder of these dimensions needs. */
export function autoencoderTensors(config: AutoencoderConfig): ExpectedTensors {
  const { imageChannels, latentChannels, blockChannels } = config
  const list = new TensorList()
  const first = atLevel(blockChannels, 0)
  const deepest = atLevel(blockChannels, blockChannels.length - 1)

  list.conv('encoder.conv_in', imageChannels, first, 3)
  downBlocks(list, config)
  middle(list, 'encoder.mid_block', deepest, config)
  list.norm('encoder.conv_norm_out', deepest)
  list.conv('encoder.conv_out', deepest, encodedChannels(config), 3)

  list.conv('decoder.conv_in', latentChannels, deepest, 3)
  middle(list, 'decoder.mid_block', deepest, config)
  upBlocks(list, config)
  list.norm('decoder.conv_norm_out', first)
  list.conv('decoder.conv_out', first, imageChannels, 3)

  if (config.hasQuantConv) {
    list.conv('quant_conv', encodedChannels(config), encodedChannels(config), 1)
    list.conv('post_quant_conv', latentChannels, latentChannels, 1)
  }
  if (config.codebookSize !== undefined) {
    list.linear('quantize.embedding', latentChannels, config.codebookSize, false)
  }
  return list.tensors
}

/** Channels that the encoder gives: mean and log-variance, or the latent itself where it is rounded to a codebook. */
export function encodedChannels({ latentChannels, codebookSize }: AutoencoderConfig): number {
  return codebookSize === undefined ? 2 * latentChannels : latentChannels
}

function downBlocks(list: TensorList, config: AutoencoderConfig): void {
  const { blockChannels, layersPerBlock, levelAttention = [] } = config
  let arriving = atLevel(blockChannels, 0)
  for (const [level, channels] of blockChannels.entries()) {
    const block = `encoder.down_blocks.${level}`
    for (let j = 0; j < layersPerBlock; j++) {
      list.resnet(`${block}.resnets.${j}`, arriving, channels, null)
      if (levelAttention[level]) attention(list, `${block}.attentions.${j}`, channels)
      arriving = channels
    }
    if (level < blockChannels.length - 1) list.conv(`${block}.downsamplers.0.conv`, channels, channels, 3)
  }
}

function upBlocks(list: TensorList, config: AutoencoderConfig): void {
  const { blockChannels, layersPerBlock, levelAttention = [] } = config
  const upwards = [...blockChannels].reverse()
  let arriving = atLevel(upwards, 0)
  for (const [i, channels] of upwards.entries()) {
    const block = `decoder.up_blocks.${i}`
    for (let j = 0; j <= layersPerBlock; j++) {
      list.resnet(`${block}.resnets.${j}`, arriving, channels, null)
      if (levelAttention[upwards.length - 1 - i]) attention(list, `${block}.attentions.${j}`, channels)
      arriving = channels
    }
    if (i < upwards.length - 1) list.conv(`${block}.upsamplers.0.conv`, channels, channels, 3)
  }
}

function middle(list: TensorList, name: string, channels: number, { hasMiddleAttention }: AutoencoderConfig): void {
  list.resnet(`${name}.resnets.0`, channels, channels, null)
  if (hasMiddleAttention) attention(list, `${name}.attentions.0`, channels)
  list.resnet(`${name}.resnets.1`, channels, channels, null)
}

function attention(list: TensorList, name: string, channels: number): void {
  list.norm(`${name}.group_norm`, channels)
  for (const projection of ['to_q', 'to_k', 'to_v', 'to_out.0'])
    list.linear(`${name}.${projection}`, channels, channels)
}
