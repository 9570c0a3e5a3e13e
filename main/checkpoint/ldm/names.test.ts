import { describe, expect, it } from 'vitest'
import { SD1_AUTOENCODER, SD1_UNET } from '../test-configs.ts'
import { ldmAutoencoderNames, ldmUnetNames } from './names.ts'

describe('ldmUnetNames', () => {
  it.each([
    ['conv_in.weight', 'input_blocks.0.0.weight'],
    ['time_embedding.linear_1.bias', 'time_embed.0.bias'],
    ['time_embedding.linear_2.weight', 'time_embed.2.weight'],
    ['down_blocks.0.resnets.0.norm1.weight', 'input_blocks.1.0.in_layers.0.weight'],
    ['down_blocks.0.attentions.1.norm.bias', 'input_blocks.2.1.norm.bias'],
    ['down_blocks.0.downsamplers.0.conv.weight', 'input_blocks.3.0.op.weight'],
    ['down_blocks.1.resnets.0.conv_shortcut.weight', 'input_blocks.4.0.skip_connection.weight'],
    ['down_blocks.3.resnets.1.conv2.bias', 'input_blocks.11.0.out_layers.3.bias'],
    ['mid_block.resnets.0.time_emb_proj.weight', 'middle_block.0.emb_layers.1.weight'],
    ['mid_block.attentions.0.transformer_blocks.0.norm1.weight', 'middle_block.1.transformer_blocks.0.norm1.weight'],
    ['mid_block.resnets.1.conv1.weight', 'middle_block.2.in_layers.2.weight'],
    ['up_blocks.0.upsamplers.0.conv.weight', 'output_blocks.2.1.conv.weight'],
    ['up_blocks.1.attentions.0.proj_in.weight', 'output_blocks.3.1.proj_in.weight'],
    ['up_blocks.1.upsamplers.0.conv.bias', 'output_blocks.5.2.conv.bias'],
    ['up_blocks.3.resnets.2.norm2.weight', 'output_blocks.11.0.out_layers.0.weight'],
    ['conv_norm_out.weight', 'out.0.weight'],
    ['conv_out.bias', 'out.2.bias'],
  ])('finds %s', (name, stored) => {
    expect(ldmUnetNames(SD1_UNET)(name)).toEqual([`model.diffusion_model.${stored}`])
  })

  it('counts blocks by the layers of a level', () => {
    const thin = { ...SD1_UNET, layersPerBlock: 1, upTransformerDepth: [0, 0, 1, 1] }
    expect(ldmUnetNames(thin)('down_blocks.2.resnets.0.conv1.bias')).toEqual([
      'model.diffusion_model.input_blocks.5.0.in_layers.2.bias',
    ])
    expect(ldmUnetNames(thin)('up_blocks.0.upsamplers.0.conv.bias')).toEqual([
      'model.diffusion_model.output_blocks.1.2.conv.bias',
    ])
    expect(ldmUnetNames(thin)('up_blocks.2.upsamplers.0.conv.bias')).toEqual([
      'model.diffusion_model.output_blocks.5.1.conv.bias',
    ])
  })
})

describe('ldmAutoencoderNames', () => {
  it.each([
    ['encoder.down_blocks.1.resnets.0.conv_shortcut.bias', 'encoder.down.1.block.0.nin_shortcut.bias'],
    ['encoder.down_blocks.2.downsamplers.0.conv.weight', 'encoder.down.2.downsample.conv.weight'],
    ['encoder.mid_block.attentions.0.group_norm.weight', 'encoder.mid.attn_1.norm.weight'],
    ['encoder.mid_block.attentions.0.to_k.bias', 'encoder.mid.attn_1.k.bias'],
    ['encoder.conv_norm_out.weight', 'encoder.norm_out.weight'],
    ['decoder.mid_block.attentions.0.to_out.0.weight', 'decoder.mid.attn_1.proj_out.weight'],
    ['decoder.mid_block.resnets.1.norm2.bias', 'decoder.mid.block_2.norm2.bias'],
    ['decoder.up_blocks.0.resnets.2.conv1.weight', 'decoder.up.3.block.2.conv1.weight'],
    ['decoder.up_blocks.2.upsamplers.0.conv.weight', 'decoder.up.1.upsample.conv.weight'],
    ['decoder.up_blocks.3.resnets.0.conv_shortcut.weight', 'decoder.up.0.block.0.nin_shortcut.weight'],
    ['post_quant_conv.weight', 'post_quant_conv.weight'],
  ])('finds %s', (name, stored) => {
    expect(ldmAutoencoderNames(SD1_AUTOENCODER)(name)).toEqual([`first_stage_model.${stored}`])
  })
})
