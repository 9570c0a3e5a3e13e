import { join } from 'node:path'
import * as z from 'zod'
import { requireOptions } from '../diffusers/fields.ts'
import { readJsonIfThere } from '../json-file.ts'

/** The one setting of each option of diffusers' ControlNetModel that the graph knows; dimensions come from the tensors. */
const KNOWN_OPTIONS = {
  _class_name: ['ControlNetModel'],
  act_fn: ['silu', 'swish'],
  class_embed_type: [null],
  controlnet_conditioning_channel_order: ['rgb'],
  downsample_padding: [1],
  encoder_hid_dim_type: [null],
  flip_sin_to_cos: [true],
  freq_shift: [0],
  global_pool_conditions: [false],
  mid_block_scale_factor: [1],
  num_class_embeds: [null],
  only_cross_attention: [false],
  resnet_time_scale_shift: ['default'],
}

/** Checks the options in a ControlNet folder's config.json, where there is one. @throws StudioError checkpoint-unsupported */
export async function checkControlNetOptions(folder: string): Promise<void> {
  const path = join(folder, 'config.json')
  const config = await readJsonIfThere(path, z.looseObject({}))
  if (config) requireOptions(path, config, KNOWN_OPTIONS)
}
