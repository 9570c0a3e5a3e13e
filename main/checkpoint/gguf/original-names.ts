import type { TensorEntry } from '../tensor-index.ts'

const FIRST_ENCODER = 'cond_stage_model.transformer.'
const SECOND_ENCODER = 'cond_stage_model.1.transformer.'
/** Width of OpenCLIP's ViT-H, of Stable Diffusion 2; that of Stable Diffusion 1's encoder is 768. */
const OPEN_CLIP_WIDTH = 1024

type Rename = readonly [pattern: RegExp, replacement: string]

const TO_OPEN_CLIP: readonly Rename[] = [
  [/^text_model\./, ''],
  [/^embeddings\.token_embedding\./, 'token_embedding.'],
  [/^embeddings\.position_embedding\.weight$/, 'positional_embedding'],
  [/^final_layer_norm\./, 'ln_final.'],
  [/^encoder\.layers\./, 'transformer.resblocks.'],
  [/\.layer_norm([12])\./, '.ln_$1.'],
  [/\.self_attn\./, '.attn.'],
  [/\.mlp\.fc1\./, '.mlp.c_fc.'],
  [/\.mlp\.fc2\./, '.mlp.c_proj.'],
]

/**
 * A model's tensors by the original code's names. Earlier versions of stable-diffusion.cpp renamed the text encoders of
 * Stable Diffusion 2 and XL as they converted them (`convert_open_clip_to_hf_clip` of its model.cpp), split their query, key
 * and value, and wrote the transformers' projections as 1x1 convolutions.
 */
export function withOriginalNames(entries: ReadonlyMap<string, TensorEntry>): ReadonlyMap<string, TensorEntry> {
  const prefixes = renamedPrefixes(entries)
  if (prefixes.length === 0) return entries
  const renamed = [...entries.values()].map((entry) => {
    const found = prefixes.find(({ from }) => entry.name.startsWith(from))
    const rest = entry.name.slice(found?.from.length)
    const name = found ? found.to + (found.isOpenClip ? openClipName(rest) : rest) : entry.name
    return { ...entry, name, shape: isProjection(entry) ? entry.shape.slice(0, 2) : entry.shape }
  })
  return new Map(renamed.map((entry) => [entry.name, entry]))
}

interface Prefix {
  readonly from: string
  readonly to: string
  readonly isOpenClip: boolean
}

function renamedPrefixes(entries: ReadonlyMap<string, TensorEntry>): readonly Prefix[] {
  if ([...entries.keys()].some((name) => name.startsWith(SECOND_ENCODER))) {
    return [
      { from: FIRST_ENCODER, to: 'conditioner.embedders.0.transformer.', isOpenClip: false },
      { from: SECOND_ENCODER, to: 'conditioner.embedders.1.model.', isOpenClip: true },
    ]
  }
  const width = entries.get(`${FIRST_ENCODER}text_model.embeddings.token_embedding.weight`)?.shape[1]
  return width === OPEN_CLIP_WIDTH ? [{ from: FIRST_ENCODER, to: 'cond_stage_model.model.', isOpenClip: true }] : []
}

function openClipName(name: string): string {
  return TO_OPEN_CLIP.reduce((renamed, [pattern, replacement]) => renamed.replace(pattern, replacement), name)
}

function isProjection({ name, shape }: TensorEntry): boolean {
  return /^model\.diffusion_model\..*\.proj_(?:in|out)\.weight$/.test(name) && shape.slice(2).join() === '1,1'
}
