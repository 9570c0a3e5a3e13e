/** Which network of a model a LoRA's module belongs to, by the file's word for it; of text encoders, their place. */
export type LoraTarget = 'unet' | 0 | 1

/** What a tensor is to its module. */
export type LoraRole =
  | 'up'
  | 'down'
  | 'mid'
  | 'alpha'
  | 'dora_scale'
  | 'magnitude'
  | 'hada_w1_a'
  | 'hada_w1_b'
  | 'hada_w2_a'
  | 'hada_w2_b'
  | 'hada_t1'
  | 'hada_t2'
  | 'lokr_w1'
  | 'lokr_w1_a'
  | 'lokr_w1_b'
  | 'lokr_w2'
  | 'lokr_w2_a'
  | 'lokr_w2_b'
  | 'lokr_t2'
  | 'diff'
  | 'diff_b'
  | 'w_norm'
  | 'b_norm'
  | 'on_input'
  | 'gain'

/** A tensor's name taken apart; `module` has underscores where the network's own name may have dots. */
export interface LoraKey {
  readonly target: LoraTarget
  readonly module: string
  readonly role: LoraRole
}

const PLAIN_ROLES =
  /^(.+)\.(alpha|dora_scale|hada_w[12]_[ab]|hada_t[12]|lokr_w[12](?:_[ab])?|lokr_t2|diff|diff_b|w_norm|b_norm|on_input)$/

/** Endings of names, and what they say. kohya's and LyCORIS's, those of diffusers' training scripts, PEFT's. */
const ENDINGS: readonly (readonly [pattern: RegExp, role: (word: string) => LoraRole])[] = [
  [/^(.+)\.lora_(up|down|mid)\.weight$/, (word) => word as LoraRole],
  [/^(.+)(?:\.lora|_lora|\.lora_linear_layer)\.(up|down)\.weight$/, (word) => word as LoraRole],
  [/^(.+)\.lora_([AB])(?:\.default)?(?:\.weight)?$/, (word) => (word === 'A' ? 'down' : 'up')],
  [/^(.+)\.(lora_magnitude_vector)(?:\.default)?(?:\.weight)?$/, () => 'magnitude'],
  [PLAIN_ROLES, (word) => word as LoraRole],
  [/^(.+)\.(weight)$/, () => 'gain'],
]

/** How names begin: first match counts. What begins otherwise is a U-Net saved by itself. */
const BEGINNINGS: readonly (readonly [pattern: RegExp, target: LoraTarget])[] = [
  [/^lora_unet_/, 'unet'],
  [/^lora_te2_/, 1],
  [/^lora_te1?_/, 0],
  [/^lycoris_/, 'unet'],
  [/^(?:base_model\.model\.)?unet\.(?:base_model\.model\.)?/, 'unet'],
  [/^(?:base_model\.model\.)?text_encoder_2\.(?:base_model\.model\.)?/, 1],
  [/^(?:base_model\.model\.)?text_encoder\.(?:base_model\.model\.)?/, 0],
  [/^(?:model\.)?diffusion_model\./, 'unet'],
  [/^text_encoders\.clip_g\.transformer\./, 1],
  [/^text_encoders\.clip_[lh]\.transformer\./, 0],
  [/^(?:base_model\.model\.)?(?=text_model\.)/, 0],
  [/^base_model\.model\./, 'unet'],
  [/^/, 'unet'],
]

/** Attention modules of diffusers' first LoRAs, which hung on processors. */
const PROCESSOR_NAMES: Readonly<Record<string, string>> = {
  to_q: 'q_proj',
  to_k: 'k_proj',
  to_v: 'v_proj',
  to_out: 'out_proj',
}

/** Null where the name is of no dialect. */
export function parseLoraKey(name: string): LoraKey | null {
  for (const [ending, role] of ENDINGS) {
    const match = ending.exec(name)
    if (!match) continue
    const [, stem = '', word = ''] = match
    for (const [beginning, target] of BEGINNINGS) {
      if (!beginning.test(stem)) continue
      return { target, module: moduleName(stem.replace(beginning, ''), target), role: role(word) }
    }
  }
  return null
}

/** The name as kohya writes it: dots as underscores. */
export function underscored(name: string): string {
  return name.replaceAll('.', '_')
}

function moduleName(path: string, target: LoraTarget): string {
  // An alpha may stand beside `….lora.up.weight` and the like.
  const bare = path.replace(/(?:\.lora|_lora|\.lora_linear_layer)$/, '').replace('.processor.', '.')
  const old = /^(.*\.)(to_(?:[qkv]|out))$/.exec(bare)
  if (!old) return underscored(bare)
  const [, before = '', projection = ''] = old
  if (target !== 'unet') return underscored(before + (PROCESSOR_NAMES[projection] ?? projection))
  return underscored(projection === 'to_out' ? `${bare}.0` : bare)
}
