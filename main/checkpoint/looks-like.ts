/** A kind of weights that the studio knows by sight and does not run on its own. */
interface KnownKind {
  readonly what: string
  /** Whether a person would look for it among the models. */
  readonly isModel: boolean
  readonly pattern: RegExp
}

/** The first whose pattern some tensor's name fits; the more particular stand first. */
const KNOWN_KINDS: readonly KnownKind[] = [
  { what: 'a LoRA', isModel: false, pattern: /(?:^|\.)lora_|\.lora_(?:up|down|A|B)\.|\.(?:lokr|loha|hada)_w/ },
  {
    what: 'a ControlNet',
    isModel: false,
    pattern: /^control_model\.|^controlnet_|(?:^|\.)controlnet_cond_embedding\.|(?:^|\.)zero_convs\./,
  },
  { what: 'a textual inversion embedding', isModel: false, pattern: /^(?:emb_params|string_to_param|clip_l|clip_g)$/ },
  {
    what: 'Stable Diffusion XL',
    isModel: true,
    pattern: /^conditioner\.embedders\.|^model\.diffusion_model\.label_emb\./,
  },
  { what: 'Stable Diffusion 2 in a single file', isModel: true, pattern: /^cond_stage_model\.model\./ },
  { what: 'Stable Diffusion 3', isModel: true, pattern: /(?:^|\.)joint_blocks\./ },
  { what: 'Flux', isModel: true, pattern: /(?:^|\.)double_blocks\./ },
  { what: 'a diffusion model of another family', isModel: true, pattern: /^model\.diffusion_model\./ },
  {
    what: 'a U-Net without its text encoder and autoencoder',
    isModel: false,
    pattern: /^(?:input_blocks|down_blocks)\.\d+\./,
  },
  { what: 'an autoencoder alone', isModel: false, pattern: /^(?:first_stage_model\.)?(?:encoder|decoder)\.conv_in\./ },
  {
    what: 'a tiny autoencoder (TAESD)',
    isModel: false,
    pattern: /^(?:(?:encoder|decoder)\.layers\.)?1\.(?:conv\.0\.)?weight$/,
  },
  { what: 'a text encoder alone', isModel: false, pattern: /(?:^|\.)text_model\.embeddings\./ },
  { what: 'an upscaler', isModel: false, pattern: /(?:^|\.)(?:RRDB_trunk|rdb1|RDB1)\./ },
]

/** What a file's tensor names look like: a noun, and whether it is a whole model; null for nothing known. */
export function looksLike(names: Iterable<string>): { what: string; isModel: boolean } | null {
  const all = [...names]
  return KNOWN_KINDS.find(({ pattern }) => all.some((name) => pattern.test(name))) ?? null
}
