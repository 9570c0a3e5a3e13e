import * as z from 'zod'
import type { AutoencoderConfig } from '../config.ts'
import { readJsonFile } from '../json-file.ts'
import { levels, repeat, requireOptions, size, unsupportedField } from './fields.ts'

/** What is left out has the default of diffusers' AutoencoderKL, save the block types, which older files leave out. */
const Fields = z.looseObject({
  in_channels: size.default(3),
  out_channels: size.default(3),
  latent_channels: size.default(4),
  block_out_channels: levels(size).default([64]),
  down_block_types: levels(z.string()).optional(),
  up_block_types: levels(z.string()).optional(),
  layers_per_block: repeat.default(1),
  norm_num_groups: size.default(32),
  mid_block_add_attention: z.boolean().default(true),
  use_quant_conv: z.boolean().default(true),
  use_post_quant_conv: z.boolean().default(true),
  scaling_factor: z.number().positive().default(0.18215),
})

const KNOWN_OPTIONS = {
  _class_name: ['AutoencoderKL'],
  act_fn: ['silu', 'swish'],
  latents_mean: [null],
  latents_std: [null],
  shift_factor: [null],
}

/**
 * A diffusers autoencoder's config.json.
 * @throws StudioError checkpoint-unsupported naming the field
 */
export async function readAutoencoderConfig(path: string): Promise<AutoencoderConfig> {
  const fields = await readJsonFile(path, Fields)
  requireOptions(path, fields, KNOWN_OPTIONS)
  requireBlocks(
    path,
    'down_block_types',
    fields.down_block_types,
    'DownEncoderBlock2D',
    fields.block_out_channels.length,
  )
  requireBlocks(path, 'up_block_types', fields.up_block_types, 'UpDecoderBlock2D', fields.block_out_channels.length)
  if (fields.out_channels !== fields.in_channels) {
    throw unsupportedField(path, 'out_channels', `${fields.in_channels}, as in_channels`, fields.out_channels)
  }
  if (fields.use_post_quant_conv !== fields.use_quant_conv) {
    throw unsupportedField(
      path,
      'use_post_quant_conv',
      `${String(fields.use_quant_conv)}, as use_quant_conv`,
      fields.use_post_quant_conv,
    )
  }
  return {
    imageChannels: fields.in_channels,
    latentChannels: fields.latent_channels,
    blockChannels: fields.block_out_channels,
    layersPerBlock: fields.layers_per_block,
    normGroups: fields.norm_num_groups,
    hasMiddleAttention: fields.mid_block_add_attention,
    hasQuantConv: fields.use_quant_conv,
    scalingFactor: fields.scaling_factor,
  }
}

function requireBlocks(
  path: string,
  field: string,
  types: string[] | undefined,
  expected: string,
  count: number,
): void {
  if (types === undefined || (types.length === count && types.every((type) => type === expected))) return
  throw unsupportedField(path, field, `${count} times ${expected}`, types)
}
