/** A kind of weights that the studio knows by sight and does not run on its own. */
interface KnownKind {
  readonly what: string
  /** Why it is not run, after a comma. */
  readonly verdict: string
  /** The name of the family whose whole model it is; null for parts and extras, which no one looks for among models. */
  readonly family: string | null
  readonly pattern: RegExp
}

const PART = 'which joins a model and is none by itself'
const part = (what: string, pattern: RegExp): KnownKind => ({ what, verdict: PART, family: null, pattern })
const unsupported = (family: string, pattern: RegExp): KnownKind => ({
  what: family,
  verdict: 'which is not run yet',
  family,
  pattern,
})
const incomplete = (family: string, what: string, pattern: RegExp): KnownKind => ({
  what,
  verdict: 'but lacks its U-Net (model.diffusion_model.*)',
  family,
  pattern,
})

/** The first whose pattern some tensor's name fits; the more particular stand first. */
const KNOWN_KINDS: readonly KnownKind[] = [
  part('a LoRA', /(?:^|\.)lora_|\.lora_(?:up|down|A|B)\.|\.(?:lokr|loha|hada)_w|\.(?:oft_blocks|oft_diag|diff_b)$/),
  part('a ControlNet', /^control_model\.|^controlnet_|(?:^|\.)controlnet_cond_embedding\.|(?:^|\.)zero_convs\./),
  part('an IP-Adapter', /^ip_adapter\.|^image_proj\./),
  part('an image encoder of CLIP', /^vision_model\./),
  part('a motion module of AnimateDiff', /\.motion_modules\./),
  part('a T2I-Adapter', /^(?:adapter\.)?body\.\d+\.(?:resnets\.\d+\.)?block\d\./),
  part('a hypernetwork', /^(?:768|320|640|1280)\.\d$/),
  part('a textual inversion embedding', /^(?:emb_params|string_to_param\..*|clip_l|clip_g)$/),
  unsupported('Stable Video Diffusion', /(?:^|\.)time_stack\./),
  unsupported('Stable Diffusion 3', /(?:^|\.)joint_blocks\./),
  unsupported('Flux 2', /(?:^|\.)double_stream_modulation_img\./),
  unsupported('Flux', /(?:^|\.)double_blocks\.\d+\.img_attn\.|^(?:transformer\.)?single_transformer_blocks\./),
  unsupported('Hunyuan Video', /(?:^|\.)txt_in\.individual_token_refiner\./),
  unsupported('Hunyuan DiT', /(?:^|\.)mlp_t5\.0\./),
  unsupported('Stable Cascade', /(?:^|\.)clf\.1\.weight$/),
  unsupported('AuraFlow', /(?:^|\.)double_layers\.\d+\.attn\./),
  unsupported('PixArt', /(?:^|\.)t_block\.1\.weight$|^(?:transformer\.)?pos_embed\.proj\.weight$/),
  unsupported('LTX Video', /(?:^|\.)adaln_single\.emb\.timestep_embedder\./),
  unsupported('Wan', /(?:^|\.)blocks\.\d+\.cross_attn\.norm_k\./),
  unsupported('Mochi', /(?:^|\.)t5_yproj\.weight$/),
  unsupported('Lumina or Z-Image', /(?:^|\.)cap_embedder\.1\.weight$/),
  unsupported('Stable Audio', /(?:^|\.)transformer\.rotary_pos_emb\.inv_freq$/),
  incomplete(
    'Stable Diffusion XL refiner',
    'the refiner of Stable Diffusion XL',
    /^conditioner\.embedders\.0\.model\./,
  ),
  incomplete('Stable Diffusion XL', 'Stable Diffusion XL', /^conditioner\.embedders\./),
  incomplete('Stable Diffusion 2', 'Stable Diffusion 2', /^cond_stage_model\.model\./),
  { ...unsupported('Latent diffusion', /^model\.diffusion_model\./), what: 'a latent diffusion model of another kind' },
  part('a U-Net without its text encoder and autoencoder', /^(?:input_blocks|down_blocks)\.\d+\./),
  part('an autoencoder alone', /^(?:first_stage_model\.)?(?:encoder|decoder)\.conv_in\./),
  part('a tiny autoencoder (TAESD)', /^(?:(?:encoder|decoder)\.layers\.)?1\.(?:conv\.0\.)?weight$/),
  part('a text encoder alone', /(?:^|\.)text_model\.embeddings\.|^encoder\.block\.0\.layer\.0\.SelfAttention\./),
  { ...part('an upscaler', /(?:^|\.)(?:RRDB_trunk|rdb1|RDB1)\./), verdict: 'which is not run yet' },
]

/** What a file's tensor names look like: a noun, why it is not run, and its family if it is a whole model; null for nothing known. */
export function looksLike(names: Iterable<string>): Pick<KnownKind, 'what' | 'verdict' | 'family'> | null {
  const all = [...names]
  return KNOWN_KINDS.find(({ pattern }) => all.some((name) => pattern.test(name))) ?? null
}
