import { FAMILIES } from '../../families/index.ts'
import type { TensorIndex } from '../../tensor-index.ts'
import { parseLoraKey } from './keys.ts'

/** Families by the width of the context that a LoRA's cross-attention takes. */
const BY_CONTEXT: Readonly<Record<number, string>> = { 768: 'sd1', 1024: 'sd2', 2048: 'sdxl' }
/** And by what trainers write into the metadata. */
const BY_METADATA: readonly (readonly [pattern: RegExp, family: string])[] = [
  [/^sdxl|^stable-diffusion-xl/, 'sdxl'],
  [/^sd_v2|^stable-diffusion-v2/, 'sd2'],
  [/^sd_v1|^stable-diffusion-v1/, 'sd1'],
]
/** Kinds of model that are not run, by parts of their modules' names. */
const OTHERS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/double_blocks|single_transformer_blocks/, 'Flux'],
  [/joint_blocks|^transformer\.transformer_blocks/, 'Stable Diffusion 3'],
  [/lora_prior_unet/, 'Stable Cascade'],
]

/** The family a LoRA is made for, by id; null where its file does not tell. */
function loraFamily(index: TensorIndex): string | null {
  const width = contextWidth(index)
  if (width !== null) return BY_CONTEXT[width] ?? null
  const { metadata } = index
  const stated = metadata['ss_base_model_version'] ?? metadata['modelspec.architecture'] ?? ''
  return BY_METADATA.find(([pattern]) => pattern.test(stated))?.[1] ?? null
}

/** What a LoRA is made for, for a sentence. */
export function madeFor(index: TensorIndex): string {
  const id = loraFamily(index)
  const family = FAMILIES.find((known) => known.id === id)
  if (family) return family.name
  const other = OTHERS.find(([pattern]) => [...index.entries.keys()].some((name) => pattern.test(name)))
  if (other) return other[1]
  const width = contextWidth(index)
  return width === null ? 'a model with other layers' : `a model whose prompts are ${width} wide`
}

/** The width that its cross-attention takes; null where it has none. */
function contextWidth({ entries }: TensorIndex): number | null {
  for (const [name, { shape }] of entries) {
    const key = parseLoraKey(name)
    if (key?.target === 'unet' && key.role === 'down' && /attn2_to_[kv]$/.test(key.module)) return shape[1] ?? null
  }
  return null
}
