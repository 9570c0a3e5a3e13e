import { describe, expect, it } from 'vitest'
import type { TensorEntry } from '../tensor-index.ts'
import { identifyPart } from './identify.ts'

function identify(tensors: Record<string, readonly number[]>) {
  const entries = Object.entries(tensors).map(([name, shape]): [string, TensorEntry] => [
    name,
    { name, shape, dtype: 'F16', file: '/part', offset: 0, sizeBytes: 0 },
  ])
  return identifyPart({ entries: new Map(entries) })
}

const K = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k'
const PEFT_K = 'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k'
const LDM_K = 'input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight'

describe('what a file that joins a model is', () => {
  it.each([
    ['a kohya LoRA', { [`${K}.lora_down.weight`]: [8, 768], [`${K}.lora_up.weight`]: [320, 8] }, 'lora', ['sd1']],
    ['one of SD 2', { [`${K}.lora_down.weight`]: [8, 1024] }, 'lora', ['sd2']],
    ['one of SD XL', { [`${K}.lora_down.weight`]: [8, 2048] }, 'lora', ['sdxl']],
    ['a LoRA of PEFT', { [`${PEFT_K}.lora_A.weight`]: [8, 2048] }, 'lora', ['sdxl']],
    ['one with an adapter’s name', { [`${PEFT_K}.lora_A.default.weight`]: [8, 768] }, 'lora', ['sd1']],
    ['a LoRA of old diffusers', { 'mid_block.attn2.processor.to_k_lora.down.weight': [4, 768] }, 'lora', ['sd1']],
    ['a LoHa', { [`${K}.hada_w1_a`]: [320, 4], [`${K}.hada_w1_b`]: [4, 768] }, 'lora', ['sd1']],
    [
      'a LoKr',
      { [`${K}.lokr_w1`]: [8, 16], [`${K}.lokr_w2_a`]: [40, 4], [`${K}.lokr_w2_b`]: [4, 128] },
      'lora',
      ['sdxl'],
    ],
    ['a LoKr of whole factors', { [`${K}.lokr_w1`]: [8, 16], [`${K}.lokr_w2`]: [40, 48] }, 'lora', ['sd1']],
    [
      'a text encoder’s LoRA',
      { 'lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight': [4, 768] },
      'lora',
      ['sd1'],
    ],
    [
      'a LoRA of two text encoders',
      { 'lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight': [4, 1280] },
      'lora',
      ['sdxl'],
    ],
    ['a LoRA that does not tell', { 'lora_unet_conv_in.lora_down.weight': [4, 4, 3, 3] }, 'lora', []],
    [
      'a ControlNet',
      { [`control_model.${LDM_K}`]: [320, 768], 'control_model.zero_convs.0.0.weight': [320, 320, 1, 1] },
      'controlnet',
      ['sd1'],
    ],
    [
      'one beside a whole model',
      { [`control_model.${LDM_K}`]: [320, 1024], 'model.diffusion_model.x': [1] },
      'controlnet',
      ['sd2'],
    ],
    [
      'a ControlNet of diffusers',
      { 'controlnet_cond_embedding.conv_in.weight': [16, 3, 3, 3], [`down.${LDM_K}`]: [640, 2048] },
      'controlnet',
      ['sdxl'],
    ],
    [
      'an IP-Adapter',
      { 'image_proj.norm.weight': [768], 'ip_adapter.1.to_k_ip.weight': [320, 768] },
      'ip-adapter',
      ['sd1'],
    ],
    ['an image encoder', { 'vision_model.embeddings.patch_embedding.weight': [1280, 3, 14, 14] }, 'image-encoder', []],
    ['an image encoder of OpenCLIP', { 'visual.conv1.weight': [1280, 3, 14, 14] }, 'image-encoder', []],
    [
      'an autoencoder',
      { 'encoder.conv_in.weight': [128, 3, 3, 3], 'decoder.conv_in.weight': [512, 4, 3, 3] },
      'autoencoder',
      [],
    ],
    [
      'one cut out of a model',
      {
        'first_stage_model.encoder.conv_in.weight': [128, 3, 3, 3],
        'first_stage_model.decoder.conv_in.weight': [512, 4, 3, 3],
      },
      'autoencoder',
      [],
    ],
    ['a tiny decoder', { '1.weight': [64, 4, 3, 3], '3.conv.0.weight': [64, 64, 3, 3] }, 'autoencoder', []],
    [
      'a tiny autoencoder of diffusers',
      { 'decoder.layers.0.weight': [64, 4, 3, 3], 'decoder.layers.2.conv.0.weight': [64, 64, 3, 3] },
      'autoencoder',
      [],
    ],
    [
      'a U-Net of diffusers’ names',
      { 'down_blocks.0.resnets.0.conv1.weight': [320, 320, 3, 3], [LDM_K]: [640, 2048] },
      'unet',
      ['sdxl'],
    ],
    ['one of the original’s', { 'input_blocks.0.0.weight': [320, 9, 3, 3], [LDM_K]: [320, 768] }, 'unet', ['sd1']],
    [
      'one cut out of a model',
      {
        'model.diffusion_model.input_blocks.0.0.weight': [320, 4, 3, 3],
        [`model.diffusion_model.${LDM_K}`]: [320, 1024],
      },
      'unet',
      ['sd2'],
    ],
    ['an embedding', { emb_params: [4, 768] }, 'embedding', ['sd1']],
    ['an embedding of A1111', { 'string_to_param.*': [4, 1024] }, 'embedding', ['sd2']],
    ['an embedding of SD XL', { clip_l: [4, 768], clip_g: [4, 1280] }, 'embedding', ['sdxl']],
    ['an embedding named by its token', { '<cat-toy>': [768] }, 'embedding', ['sd1']],
  ] as const)('%s', (_what, tensors, kind, families) => {
    expect(identify(tensors)).toEqual({ kind, families, problem: null })
  })

  it.each([
    ['a control LoRA', { lora_controlnet: [1], 'input_hint_block.0.weight': [16, 3, 3, 3] }, /found a control LoRA/],
    ['a ControlNet-LLLite', { 'lllite_unet_mid.conditioning1.0.weight': [16, 3, 4, 4] }, /found a ControlNet-LLLite/],
    ['a T2I-Adapter', { 'body.0.block1.weight': [320, 320, 3, 3] }, /found a T2I-Adapter/],
    [
      'an IP-Adapter FaceID',
      { 'ip_adapter.0.to_k_lora.down.weight': [8, 2], 'ip_adapter.1.to_k_ip.weight': [640, 2048] },
      /found an IP-Adapter FaceID/,
    ],
  ] as const)('%s is listed with what it is', (_what, tensors, problem) => {
    expect(identify(tensors)?.problem).toMatch(problem)
  })

  it.each([
    [
      'a whole model',
      { 'model.diffusion_model.out.2.weight': [4, 320, 3, 3], 'first_stage_model.encoder.conv_in.weight': [1] },
    ],
    [
      'one without a text encoder',
      {
        'model.diffusion_model.input_blocks.0.0.weight': [320, 4, 3, 3],
        'first_stage_model.encoder.conv_in.weight': [1],
      },
    ],
    ['a U-Net that is told no prompt', { 'input_blocks.0.0.weight': [320, 4, 3, 3] }],
    ['the encoder’s half of a tiny autoencoder', { '0.weight': [64, 3, 3, 3], '1.conv.0.weight': [64, 64, 3, 3] }],
    ['an upscaler', { 'RRDB_trunk.0.RDB1.conv1.weight': [32, 64, 3, 3] }],
    ['a text encoder', { 'text_model.embeddings.token_embedding.weight': [49408, 768] }],
    ['nothing in particular', { whatever: [1] }],
    ['nothing at all', {}],
  ])('%s is none', (_what, tensors) => {
    expect(identify(tensors)).toBeNull()
  })

  it.each([
    ['a LoRA of Flux', { 'lora_unet_double_blocks_0_img_attn_proj.lora_down.weight': [16, 3072] }, /transformer/],
    [
      'an autoencoder of Flux',
      { 'encoder.conv_in.weight': [128, 3, 3, 3], 'decoder.conv_in.weight': [512, 16, 3, 3] },
      /found 16/,
    ],
  ])('%s says what it is for', (_what, tensors, problem) => {
    expect(identify(tensors)).toMatchObject({ families: [], problem: expect.stringMatching(problem) as string })
  })
})
