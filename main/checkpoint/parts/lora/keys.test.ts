import { expect, it } from 'vitest'
import { parseLoraKey } from './keys.ts'

it.each([
  ['lora_unet_input_blocks_4_1_proj_in.lora_down.weight', 'unet', 'input_blocks_4_1_proj_in', 'down'],
  ['lora_te_text_model_encoder_layers_0_mlp_fc1.alpha', 0, 'text_model_encoder_layers_0_mlp_fc1', 'alpha'],
  ['lora_te1_text_model_encoder_layers_0_mlp_fc1.dora_scale', 0, 'text_model_encoder_layers_0_mlp_fc1', 'dora_scale'],
  ['lora_te2_text_projection.hada_w1_a', 1, 'text_projection', 'hada_w1_a'],
  ['lycoris_mid_block_attentions_0_proj_in.lokr_w2_b', 'unet', 'mid_block_attentions_0_proj_in', 'lokr_w2_b'],
  ['unet.mid_block.attentions.0.proj_in.lora_A.weight', 'unet', 'mid_block_attentions_0_proj_in', 'down'],
  ['unet.mid_block.attentions.0.proj_in.lora.up.weight', 'unet', 'mid_block_attentions_0_proj_in', 'up'],
  ['unet.mid.attn1.processor.to_out_lora.down.weight', 'unet', 'mid_attn1_to_out_0', 'down'],
  ['mid.attn1.processor.to_k_lora.up.weight', 'unet', 'mid_attn1_to_k', 'up'],
  ['unet.mid.attn1.to_q.lora_magnitude_vector', 'unet', 'mid_attn1_to_q', 'magnitude'],
  [
    'text_encoder.text_model.encoder.layers.1.self_attn.to_v_lora.up.weight',
    0,
    'text_model_encoder_layers_1_self_attn_v_proj',
    'up',
  ],
  [
    'text_encoder.text_model.encoder.layers.1.self_attn.to_out_lora.up.weight',
    0,
    'text_model_encoder_layers_1_self_attn_out_proj',
    'up',
  ],
  [
    'text_encoder.text_model.encoder.layers.1.self_attn.q_proj.lora_linear_layer.down.weight',
    0,
    'text_model_encoder_layers_1_self_attn_q_proj',
    'down',
  ],
  ['text_encoder_2.text_model.encoder.layers.1.mlp.fc2.lora_B.weight', 1, 'text_model_encoder_layers_1_mlp_fc2', 'up'],
  [
    'text_encoders.clip_g.transformer.text_model.encoder.layers.1.mlp.fc2.lora_up.weight',
    1,
    'text_model_encoder_layers_1_mlp_fc2',
    'up',
  ],
  [
    'base_model.model.text_model.encoder.layers.1.mlp.fc2.lora_A.default.weight',
    0,
    'text_model_encoder_layers_1_mlp_fc2',
    'down',
  ],
  ['base_model.model.conv_in.lora_B.weight', 'unet', 'conv_in', 'up'],
  ['diffusion_model.input_blocks.0.0.diff_b', 'unet', 'input_blocks_0_0', 'diff_b'],
  ['lora_unet_mid.on_input', 'unet', 'mid', 'on_input'],
  ['lora_unet_mid.weight', 'unet', 'mid', 'gain'],
] as const)('%s', (name, target, module, role) => {
  expect(parseLoraKey(name)).toEqual({ target, module, role })
})

it('names of no dialect are none', () => {
  for (const name of ['spectrum', 'lora_unet_mid.oft_blocks', 'lora_unet_mid.a1']) expect(parseLoraKey(name)).toBeNull()
})
