import type { Mask, Preprocessor } from '../main/contract/generation.ts'
import type { ModelSummary } from '../main/contract/model.ts'
import type { PartKind, PartSummary } from '../main/contract/part.ts'
import { sentence } from './names.ts'

/** What people call the kinds of parts, and where a new one is to be had. */
export const partKindNames = {
  autoencoder: { one: 'autoencoder', many: 'autoencoders' },
  lora: { one: 'LoRA', many: 'LoRAs' },
  embedding: { one: 'embedding', many: 'embeddings' },
  controlnet: { one: 'ControlNet', many: 'ControlNets' },
  'ip-adapter': { one: 'IP-Adapter', many: 'IP-Adapters' },
  'image-encoder': { one: 'image encoder', many: 'image encoders' },
  unet: { one: 'U-Net', many: 'U-Nets' },
} satisfies Record<PartKind, { one: string; many: string }>

/** What is drawn from a control's picture. */
export const preprocessorNames = {
  none: { label: 'None', detail: 'The picture is a map already: depth, pose, edges' },
  canny: { label: 'Canny', detail: 'Thin white edges on black' },
  scribble: { label: 'Scribble', detail: 'Rough strokes, as if drawn by hand' },
  invert: { label: 'Invert', detail: 'Black lines on white become white on black' },
} satisfies Record<Preprocessor, { label: string; detail: string }>

/** What a masked part starts from. */
export const maskFillNames = { original: 'The picture', noise: 'Noise alone' } satisfies Record<Mask['fill'], string>

const FAMILY_NAMES: Readonly<Record<string, string>> = {
  sd1: 'Stable Diffusion 1',
  sd2: 'Stable Diffusion 2',
  sdxl: 'Stable Diffusion XL',
  'sdxl-refiner': 'the XL refiner',
}

/** A family for reading; one without a name of ours by its id. */
export function familyName(family: string): string {
  return FAMILY_NAMES[family] ?? family
}

/** The families a part fits, for reading; `undefined` where its file does not tell. */
export function familiesText({ families }: PartSummary): string | undefined {
  if (families.length === 0) return undefined
  return families.map(familyName).join(', ')
}

/** Why a part cannot join a model, in a sentence; undefined where it can, as far as its file tells. */
export function misfit(part: PartSummary, model: ModelSummary | undefined): string | undefined {
  if (part.problem !== null) return sentence(part.problem)
  if (!model || part.families.length === 0 || part.families.includes(model.family)) return undefined
  return `Made for ${familiesText(part) ?? ''}; ${model.name} is ${model.familyName}.`
}

/** A name for a part or model the library no longer has: its id without the digest of where it lay. */
export function missingName(id: string): string {
  return `${id.replace(/-[0-9a-f]{12}$/, '')} (missing)`
}
