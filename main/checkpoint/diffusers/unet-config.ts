import * as z from 'zod'
import type { UnetConfig, VectorConfig } from '../config.ts'
import { readJsonFile } from '../json-file.ts'
import { levels, only, perLevel, repeat, requireOptions, size, spread, unsupportedField } from './fields.ts'

/** What is left out has the default of diffusers' UNet2DConditionModel. */
const Fields = z.looseObject({
  in_channels: size.default(4),
  out_channels: size.default(4),
  sample_size: perLevel(size).nullish(),
  block_out_channels: levels(size).default([320, 640, 1280, 1280]),
  down_block_types: levels(z.string()).default([
    'CrossAttnDownBlock2D',
    'CrossAttnDownBlock2D',
    'CrossAttnDownBlock2D',
    'DownBlock2D',
  ]),
  up_block_types: levels(z.string()).default([
    'UpBlock2D',
    'CrossAttnUpBlock2D',
    'CrossAttnUpBlock2D',
    'CrossAttnUpBlock2D',
  ]),
  layers_per_block: perLevel(repeat).default(2),
  transformer_layers_per_block: perLevel(repeat).default(1),
  attention_head_dim: perLevel(size).default(8),
  num_attention_heads: perLevel(size).nullish(),
  cross_attention_dim: perLevel(size).default(1280),
  use_linear_projection: z.boolean().default(false),
  addition_embed_type: z.enum(['text_time']).nullish(),
  addition_time_embed_dim: size.nullish(),
  projection_class_embeddings_input_dim: size.nullish(),
  time_cond_proj_dim: size.nullish(),
  norm_num_groups: size.default(32),
  norm_eps: z.number().positive().default(1e-5),
})

/** The one setting of each option that the graph builders know. */
const KNOWN_OPTIONS = {
  _class_name: ['UNet2DConditionModel'],
  act_fn: ['silu', 'swish'],
  attention_type: ['default'],
  center_input_sample: [false],
  class_embed_type: [null],
  conv_in_kernel: [3],
  conv_out_kernel: [3],
  cross_attention_norm: [null],
  downsample_padding: [1],
  dual_cross_attention: [false],
  encoder_hid_dim: [null],
  encoder_hid_dim_type: [null],
  flip_sin_to_cos: [true],
  freq_shift: [0],
  mid_block_only_cross_attention: [null, false],
  mid_block_scale_factor: [1],
  mid_block_type: ['UNetMidBlock2DCrossAttn'],
  num_class_embeds: [null],
  only_cross_attention: [false],
  resnet_out_scale_factor: [1],
  resnet_skip_time_act: [false],
  resnet_time_scale_shift: ['default'],
  reverse_transformer_layers_per_block: [null],
  time_embedding_act_fn: [null],
  time_embedding_dim: [null],
  time_embedding_type: ['positional'],
  timestep_post_act: [null],
}

const HAS_ATTENTION: Readonly<Record<string, boolean>> = {
  DownBlock2D: false,
  CrossAttnDownBlock2D: true,
  UpBlock2D: false,
  CrossAttnUpBlock2D: true,
}

/**
 * A diffusers U-Net's config.json, and the latent size it was trained at.
 * @throws StudioError checkpoint-unsupported naming the field
 */
export async function readUnetConfig(path: string): Promise<{ config: UnetConfig; sampleSize: number | null }> {
  const fields = await readJsonFile(path, Fields)
  requireOptions(path, fields, KNOWN_OPTIONS)

  const count = fields.block_out_channels.length
  const depths = spread(path, 'transformer_layers_per_block', fields.transformer_layers_per_block, count)
  const down = attentionLevels(path, 'down_block_types', fields.down_block_types, 'Down', count)
  // The file lists the way up from the lowest resolution.
  const up = attentionLevels(path, 'up_block_types', fields.up_block_types, 'Up', count).reverse()
  const config: UnetConfig = {
    inChannels: fields.in_channels,
    outChannels: fields.out_channels,
    blockChannels: fields.block_out_channels,
    layersPerBlock: only(path, 'layers_per_block', fields.layers_per_block),
    downTransformerDepth: depths.map((depth, level) => (down[level] ? depth : 0)),
    upTransformerDepth: depths.map((depth, level) => (up[level] ? depth : 0)),
    middleTransformerDepth: depths.at(-1) ?? 1,
    // In these files `attention_head_dim` holds the number of heads.
    headCount: spread(path, 'attention_head_dim', fields.num_attention_heads ?? fields.attention_head_dim, count),
    crossAttentionDim: only(path, 'cross_attention_dim', fields.cross_attention_dim),
    vector: vectorOf(path, fields),
    guidanceSize: fields.time_cond_proj_dim ?? null,
    hasLinearProjections: fields.use_linear_projection,
    normGroups: fields.norm_num_groups,
    normEps: fields.norm_eps,
  }
  return { config, sampleSize: [fields.sample_size ?? null].flat()[0] ?? null }
}

/** The vector beside the time embedding, of U-Nets that take one. */
function vectorOf(path: string, fields: z.infer<typeof Fields>): VectorConfig | null {
  if (!fields.addition_embed_type) return null
  const { projection_class_embeddings_input_dim: size, addition_time_embed_dim: numberWidth } = fields
  if (!size) throw unsupportedField(path, 'projection_class_embeddings_input_dim', 'the size of the vector', size)
  return { size, numberWidth: numberWidth ?? 256 }
}

function attentionLevels(path: string, field: string, types: string[], way: 'Down' | 'Up', count: number): boolean[] {
  if (types.length !== count) throw unsupportedField(path, field, `${count} entries, as block_out_channels has`, types)
  return types.map((type) => {
    const hasAttention = type.includes(way) ? HAS_ATTENTION[type] : undefined
    if (hasAttention !== undefined) return hasAttention
    throw unsupportedField(path, field, `${way}Block2D or CrossAttn${way}Block2D`, type)
  })
}
