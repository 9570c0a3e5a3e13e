import { StudioError } from '../../contract/failure.ts'
import type { AutoencoderConfig } from '../config.ts'
import type { TensorEntry } from '../tensor-index.ts'

/**
 * The dimensions of an autoencoder of diffusers' names, counted in its tensors.
 * @throws StudioError checkpoint-unsupported
 */
export function autoencoderDimensions(
  path: string,
  entries: ReadonlyMap<string, TensorEntry>,
  scalingFactor: number,
): AutoencoderConfig {
  const shape = (name: string): readonly number[] => {
    const entry = entries.get(name)
    if (entry) return entry.shape
    throw new StudioError('checkpoint-unsupported', `${path}: expected tensor ${name}, found none`)
  }
  const count = (name: (i: number) => string): number => {
    let i = 0
    while (entries.has(name(i))) i++
    return i
  }
  const levels = count((i) => `encoder.down_blocks.${i}.resnets.0.conv1.weight`)
  const middle = 'encoder.mid_block.attentions.0'
  return {
    imageChannels: shape('encoder.conv_in.weight')[1] ?? 0,
    latentChannels: shape('decoder.conv_in.weight')[1] ?? 0,
    blockChannels: Array.from(
      { length: levels },
      (_, i) => shape(`encoder.down_blocks.${i}.resnets.0.conv1.weight`)[0] ?? 0,
    ),
    layersPerBlock: count((j) => `encoder.down_blocks.0.resnets.${j}.conv1.weight`),
    normGroups: 32,
    hasMiddleAttention: entries.has(`${middle}.to_q.weight`) || entries.has(`${middle}.query.weight`),
    hasQuantConv: entries.has('quant_conv.weight'),
    scalingFactor,
  }
}
