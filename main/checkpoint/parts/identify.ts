import type { PartKind } from '../../contract/part.ts'
import type { TensorEntry, TensorIndex } from '../tensor-index.ts'
import { controlProblem } from './controlnet-kinds.ts'
import { faceProblem } from './ip-adapter.ts'

/** What a file of weights is that joins a model instead of being one. */
export interface PartIdentity {
  readonly kind: PartKind
  /** Ids of the families whose models it fits; empty where its tensors do not tell. */
  readonly families: readonly string[]
  /** Why no model that the studio runs can take it; null when some can. */
  readonly problem: string | null
}

type Entries = ReadonlyMap<string, TensorEntry>

/** The width of the text that cross-attention listens to tells the families apart. */
const FAMILIES_BY_CONTEXT: Readonly<Record<number, readonly string[]>> = {
  768: ['sd1'],
  1024: ['sd2'],
  1280: ['sdxl-refiner'],
  2048: ['sdxl'],
}

const MAX_EMBEDDING_VECTORS = 128

const CONTROLNET =
  /^control_model\.|^lora_controlnet$|(?:^|\.)(?:controlnet_cond_embedding|input_hint_block|zero_convs)\./
/** T2I-Adapters and ControlNet-LLLite, which are listed to say that they do not run. */
const OTHER_CONTROL = /^lllite_|^(?:adapter\.)?body\.\d+\.(?:resnets\.\d+\.)?block1\./
const IP_ADAPTER = /^(?:image_proj|ip_adapter)\./
const LORA = /[._]lora[._](?:up|down|A|B)(?:\.|$)|\.lora_linear_layer\.|\.(?:hada_|lokr_|dora_scale|diff$|oft_)/
/** What stands beside the U-Net in a whole model, or in one that lacks its U-Net. */
const OTHER_NETWORKS = /^(?:first_stage_model|cond_stage_model|conditioner\.embedders)\./
const WHOLE_MODEL = /^(?:model\.diffusion_model|cond_stage_model|conditioner\.embedders)\./
/** The first block, of diffusers' names or of the original's. */
const UNET = /^(?:down_blocks\.0\.resnets\.0\.conv1|(?:model\.diffusion_model\.)?input_blocks\.0\.0)\.weight$/
const TEXT_KEYS = /attn2\.to_k\.weight$/
const IMAGE_ENCODER = /(?:^|\.)vision_model\.embeddings\.patch_embedding\.|^visual\.(?:conv1|class_embedding)/
/** Blocks of the transformers of Stable Diffusion 3, Flux and their like. */
const TRANSFORMER =
  /(?:double_blocks|single_blocks|joint_blocks|single_transformer_blocks)[._]|^(?:lora_)?transformer[._]/

/**
 * Which kind of part a file is, by the names and shapes of its tensors; null for a whole model and for what the studio
 * has no use for. What it is called and where it lies do not count.
 */
export function identifyPart({ entries }: Pick<TensorIndex, 'entries'>): PartIdentity | null {
  const names = [...entries.keys()]
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name))
  if (has(CONTROLNET) || has(OTHER_CONTROL)) return controlnet(entries)
  if (has(IP_ADAPTER)) return ipAdapter(entries)
  const alone = has(UNET) && !has(OTHER_NETWORKS) ? unet(entries) : null
  if (alone || has(WHOLE_MODEL)) return alone
  if (has(LORA)) return lora(entries)
  if (has(IMAGE_ENCODER)) return part('image-encoder', [])
  return autoencoder(entries) ?? tinyAutoencoder(entries) ?? embedding(entries)
}

function controlnet(entries: Entries): PartIdentity {
  return part('controlnet', familiesOf(widthOf(entries, TEXT_KEYS)), controlProblem(entries.keys()))
}

/** A U-Net that is told a prompt, and makes pictures that do not move; null for another. */
function unet(entries: Entries): PartIdentity | null {
  const width = widthOf(entries, TEXT_KEYS)
  const isOfMotion = [...entries.keys()].some((name) => /\.(?:time_stack|motion_modules|temp_convs)\./.test(name))
  return width === 0 || isOfMotion ? null : part('unet', familiesOf(width))
}

function ipAdapter(entries: Entries): PartIdentity {
  return part('ip-adapter', familiesOf(widthOf(entries, /to_k_ip\.weight$/)), faceProblem(entries))
}

function lora(entries: Entries): PartIdentity {
  const names = [...entries.keys()]
  if (names.some((name) => TRANSFORMER.test(name))) {
    return part('lora', [], 'expected a LoRA for a U-Net, found one for the transformer of another kind of model')
  }
  const isOfTwoEncoders = names.some((name) => /^lora_te[12]_|^text_encoder_2\./.test(name))
  const families = familiesOf(loraContext(entries))
  return part('lora', families.length === 0 && isOfTwoEncoders ? ['sdxl'] : families)
}

/** Columns of the matrix that a LoRA changes in cross-attention, else in the one text encoder; 0 when it has neither. */
function loraContext(entries: Entries): number {
  for (const where of [/attn2[._](?:processor[._])?to_[kv]/, /^(?:lora_te|text_encoder)[._].*[qkv]_proj/]) {
    for (const [name, entry] of entries) {
      const columns = where.test(name) ? changedColumns(entries, name, entry) : 0
      if (columns > 0) return columns
    }
  }
  return 0
}

/** Columns of the matrix that this factor belongs to; 0 for one that does not tell. */
function changedColumns(entries: Entries, name: string, { shape }: TensorEntry): number {
  if (/(?:[._]lora[._](?:down|A)(?:\.\w+)*\.weight|\.lora_linear_layer\.down\.weight|\.hada_w1_b|\.diff)$/.test(name)) {
    return shape[1] ?? 0
  }
  // A Kronecker product has the product of its factors' columns.
  const first = /^(.*)\.lokr_w1(?:_b)?$/.exec(name)
  if (!first) return 0
  const stem = first[1] ?? ''
  const second = entries.get(`${stem}.lokr_w2`) ?? entries.get(`${stem}.lokr_w2_b`)
  return (shape[1] ?? 0) * (second?.shape[1] ?? 0)
}

function autoencoder(entries: Entries): PartIdentity | null {
  const find = (name: string) =>
    ['', 'first_stage_model.', 'vae.'].map((prefix) => entries.get(prefix + name)).find(Boolean)
  const decoderInput = find('decoder.conv_in.weight')
  if (!decoderInput || !find('encoder.conv_in.weight')) return null
  const [, channels = 0] = decoderInput.shape
  // Pictures of 16 channels a cell are those of Flux and Stable Diffusion 3.
  const problem =
    channels === 16 ? 'expected an autoencoder of 4 latent channels, found 16, as of Flux and its like' : null
  return part('autoencoder', [], problem)
}

/** The decoder of TAESD, or both halves by diffusers' names; the encoder's file alone makes no pictures. */
function tinyAutoencoder(entries: Entries): PartIdentity | null {
  const original = entries.get('1.weight')?.shape.length === 4 && entries.has('3.conv.0.weight')
  const isDiffusers = entries.has('decoder.layers.0.weight') && entries.has('decoder.layers.2.conv.0.weight')
  return original || isDiffusers ? part('autoencoder', []) : null
}

/** Vectors of words: of A1111, of SD XL's two encoders, or diffusers' single tensor named by its token. */
function embedding(entries: Entries): PartIdentity | null {
  const all = [...entries.values()]
  const isNamed = all.some(({ name }) => /^(?:emb_params|string_to_param\b.*|clip_[lg])$/.test(name))
  const vectors = all.filter(
    ({ name, shape }) => shape.length <= 2 && shape.length > 0 && !name.startsWith('string_to_token'),
  )
  const widths = new Set(vectors.map(({ shape }) => shape.at(-1) ?? 0))
  const [only] = all.length === 1 ? all : []
  // A token's vectors are few; a table of all tokens is a text encoder's.
  const isSingle =
    only !== undefined && only.shape.length <= 2 && isFew(only) && [768, 1024].some((width) => widths.has(width))
  if (!isNamed && !isSingle) return null
  return part('embedding', widths.has(1280) ? ['sdxl'] : [...widths].flatMap(familiesOf))
}

function isFew({ shape }: TensorEntry): boolean {
  return shape.length < 2 || (shape[0] ?? 0) <= MAX_EMBEDDING_VECTORS
}

function familiesOf(contextWidth: number): readonly string[] {
  return FAMILIES_BY_CONTEXT[contextWidth] ?? []
}

/** Columns of the first tensor of such a name; 0 when there is none. */
function widthOf(entries: Entries, pattern: RegExp): number {
  for (const [name, { shape }] of entries) if (pattern.test(name)) return shape[1] ?? 0
  return 0
}

function part(kind: PartKind, families: readonly string[], problem: string | null = null): PartIdentity {
  return { kind, families, problem }
}
