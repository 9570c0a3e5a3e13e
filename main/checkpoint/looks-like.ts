/** A kind of weights that the studio knows by sight and does not run on its own. */
interface KnownKind {
  readonly what: string
  /** The name of the family whose whole model it is; null for parts and extras, which no one looks for among models. */
  readonly family: string | null
  readonly pattern: RegExp
}

/** The first whose pattern some tensor's name fits; the more particular stand first. */
const KNOWN_KINDS: readonly KnownKind[] = [
  { what: 'a LoRA', family: null, pattern: /(?:^|\.)lora_|\.lora_(?:up|down|A|B)\.|\.(?:lokr|loha|hada)_w/ },
  {
    what: 'a ControlNet',
    family: null,
    pattern: /^control_model\.|^controlnet_|(?:^|\.)controlnet_cond_embedding\.|(?:^|\.)zero_convs\./,
  },
  {
    what: 'a textual inversion embedding',
    family: null,
    pattern: /^(?:emb_params|string_to_param\..*|clip_l|clip_g)$/,
  },
  {
    what: 'the refiner of Stable Diffusion XL',
    family: 'Stable Diffusion XL refiner',
    pattern: /^conditioner\.embedders\.0\.model\./,
  },
  {
    what: 'Stable Diffusion XL',
    family: 'Stable Diffusion XL',
    pattern: /^conditioner\.embedders\.|^model\.diffusion_model\.label_emb\./,
  },
  { what: 'Stable Diffusion 2', family: 'Stable Diffusion 2', pattern: /^cond_stage_model\.model\./ },
  { what: 'Stable Diffusion 3', family: 'Stable Diffusion 3', pattern: /(?:^|\.)joint_blocks\./ },
  { what: 'Flux', family: 'Flux', pattern: /(?:^|\.)double_blocks\./ },
  { what: 'a latent diffusion model', family: 'Latent diffusion', pattern: /^model\.diffusion_model\./ },
  {
    what: 'a U-Net without its text encoder and autoencoder',
    family: null,
    pattern: /^(?:input_blocks|down_blocks)\.\d+\./,
  },
  { what: 'an autoencoder alone', family: null, pattern: /^(?:first_stage_model\.)?(?:encoder|decoder)\.conv_in\./ },
  {
    what: 'a tiny autoencoder (TAESD)',
    family: null,
    pattern: /^(?:(?:encoder|decoder)\.layers\.)?1\.(?:conv\.0\.)?weight$/,
  },
  { what: 'a text encoder alone', family: null, pattern: /(?:^|\.)text_model\.embeddings\./ },
  { what: 'an upscaler', family: null, pattern: /(?:^|\.)(?:RRDB_trunk|rdb1|RDB1)\./ },
]

/** What a file's tensor names look like: a noun, and its family if it is a whole model; null for nothing known. */
export function looksLike(names: Iterable<string>): Pick<KnownKind, 'what' | 'family'> | null {
  const all = [...names]
  return KNOWN_KINDS.find(({ pattern }) => all.some((name) => pattern.test(name))) ?? null
}
