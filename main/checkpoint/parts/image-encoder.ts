import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod'
import { StudioError } from '../../contract/failure.ts'
import type { ProjectionConfig } from '../config.ts'
import { readFolderTensors } from '../diffusers/weight-files.ts'
import { TensorList } from '../expected/layers.ts'
import type { ExpectedTensors } from '../expected/layers.ts'
import { readTensorIndex } from '../file-kind.ts'
import { readJsonIfThere } from '../json-file.ts'
import type { TensorEntry } from '../tensor-index.ts'
import { nameInFile } from '../weights.ts'
import type { Component, NameMap } from '../weights.ts'
import { soundWeights } from './sound-weights.ts'

/** CLIP's vision transformer. */
export interface ImageEncoderConfig {
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly layerCount: number
  readonly headCount: number
  /** Pixels a side of the pictures it takes, and of the patches it cuts them into. */
  readonly sizePx: number
  readonly patchPx: number
  readonly activation: 'quick_gelu' | 'gelu'
  readonly normEps: number
  readonly projection: ProjectionConfig
}

type Entries = ReadonlyMap<string, TensorEntry>

/** What a model's config.json beside its weights says of what tensors do not tell. */
const Fields = z.looseObject({
  num_attention_heads: z.int().min(1).max(1000).optional(),
  hidden_act: z.enum(['quick_gelu', 'gelu']).optional(),
  layer_norm_eps: z.number().positive().optional(),
})

/**
 * An image encoder by transformers' names (CLIPVisionModelWithProjection, or a whole CLIPModel) or OpenCLIP's `visual.*`,
 * in a file or a folder. What config.json does not say, its width does: OpenAI's ViT-B and ViT-L approximate GELU.
 * @throws StudioError model-missing, checkpoint-unsupported
 */
export async function openImageEncoder(path: string): Promise<Component<ImageEncoderConfig>> {
  const entries = await readEntries(path)
  const nameMap = nameMapOf(path, entries)
  const config = configOf(path, entries, nameMap, await readFields(path))
  return { config, weights: soundWeights({ path, entries, nameMap }, imageEncoderTensors(config)) }
}

async function readEntries(path: string): Promise<Entries> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new StudioError('model-missing', `${path}: expected an image encoder, found nothing`, { cause })
  })
  return found.isDirectory() ? (await readFolderTensors(path, 'model')).entries : (await readTensorIndex(path)).entries
}

/** A folder's own configuration, or that beside a file called as in such a folder. */
async function readFields(path: string): Promise<z.infer<typeof Fields>> {
  const folder = /^model\.(?:\w+\.)?(?:safetensors|bin)$/.test(basename(path)) ? dirname(path) : path
  return (await readJsonIfThere(join(folder, 'config.json'), Fields)) ?? {}
}

const OPEN_CLIP_NAMES: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/^visual_projection\.weight$/, 'proj'],
  [/^vision_model\.embeddings\.class_embedding$/, 'class_embedding'],
  [/^vision_model\.embeddings\.patch_embedding\./, 'conv1.'],
  [/^vision_model\.embeddings\.position_embedding\.weight$/, 'positional_embedding'],
  [/^vision_model\.pre_layrnorm\./, 'ln_pre.'],
  [/^vision_model\.post_layernorm\./, 'ln_post.'],
  [/^vision_model\.encoder\.layers\./, 'transformer.resblocks.'],
  [/\.layer_norm([12])\./, '.ln_$1.'],
  [/\.self_attn\.out_proj\./, '.attn.out_proj.'],
  [/\.mlp\.fc1\./, '.mlp.c_fc.'],
  [/\.mlp\.fc2\./, '.mlp.c_proj.'],
]

const openClipNames: NameMap = (name) => {
  const own = OPEN_CLIP_NAMES.reduce((renamed, [pattern, text]) => renamed.replace(pattern, text), name)
  const [, layer, which, kind] = /^(.*)\.self_attn\.([qkv])_proj\.(weight|bias)$/.exec(own) ?? []
  if (layer === undefined || which === undefined || kind === undefined) return [`visual.${own}`]
  return [{ whole: `visual.${layer}.attn.in_proj_${kind}`, index: 'qkv'.indexOf(which), count: 3 }]
}

function nameMapOf(path: string, entries: Entries): NameMap {
  if (entries.has('vision_model.embeddings.patch_embedding.weight')) return (name) => [name]
  if (entries.has('visual.conv1.weight')) return openClipNames
  const some = [...entries.keys()].slice(0, 3).join(', ') || 'none'
  throw new StudioError(
    'checkpoint-unsupported',
    `${path}: expected an image encoder's vision_model.* or visual.*, found ${some}`,
  )
}

function configOf(
  path: string,
  entries: Entries,
  nameMap: NameMap,
  fields: z.infer<typeof Fields>,
): ImageEncoderConfig {
  const { find, shape } = lookup(path, entries, nameMap)
  const layer = (i: number) => `vision_model.encoder.layers.${i}`
  let layerCount = 0
  while (find(`${layer(layerCount)}.layer_norm1.weight`)) layerCount++
  const [hiddenSize = 0, , patchPx = 0] = shape('vision_model.embeddings.patch_embedding.weight')
  const [tokens = 0] = shape('vision_model.embeddings.position_embedding.weight')
  const isTransposed = nameMap === openClipNames
  const sizes = shape('visual_projection.weight')
  const isOpenAi = hiddenSize <= 1024
  const headCount = fields.num_attention_heads ?? heads(hiddenSize)
  const grid = Math.sqrt(tokens - 1)
  if (!Number.isInteger(grid) || grid < 1 || hiddenSize % headCount !== 0) {
    const found = `${tokens} places and ${headCount} heads of ${hiddenSize} together`
    throw new StudioError(
      'checkpoint-unsupported',
      `${path}: expected an image encoder of square pictures and even heads, found ${found}`,
    )
  }
  return {
    hiddenSize,
    intermediateSize: shape(`${layer(0)}.mlp.fc1.weight`)[0] ?? 0,
    layerCount,
    headCount,
    sizePx: grid * patchPx,
    patchPx,
    activation: fields.hidden_act ?? (isOpenAi ? 'quick_gelu' : 'gelu'),
    normEps: fields.layer_norm_eps ?? 1e-5,
    projection: { size: sizes[isTransposed ? 1 : 0] ?? 0, isTransposed },
  }
}

/** `shape` throws for a tensor that is not there. */
function lookup(path: string, entries: Entries, nameMap: NameMap) {
  const find = (name: string): TensorEntry | undefined =>
    nameMap(name)
      .map((stored) => entries.get(nameInFile(stored)))
      .find((entry) => entry !== undefined)
  const shape = (name: string): readonly number[] => {
    const entry = find(name)
    if (entry) return entry.shape
    throw new StudioError('checkpoint-unsupported', `${path}: expected tensor ${name}, found none`)
  }
  return { find, shape }
}

/** ViT-L and all larger ones have 16 heads, ViT-B 12 of width 64; what is thinner is a test's, with heads 8 wide. */
function heads(hiddenSize: number): number {
  if (hiddenSize >= 1024) return 16
  return Math.max(1, Math.floor(hiddenSize % 64 === 0 ? hiddenSize / 64 : hiddenSize / 8))
}

/** Every tensor that an image encoder of these dimensions needs. */
export function imageEncoderTensors(config: ImageEncoderConfig): ExpectedTensors {
  const { hiddenSize: width, intermediateSize, sizePx, patchPx, projection } = config
  const list = new TensorList()
  const embeddings = 'vision_model.embeddings'
  list.conv(`${embeddings}.patch_embedding`, 3, width, patchPx, false)
  list.tensors.set(`${embeddings}.class_embedding`, [width])
  list.tensors.set(`${embeddings}.position_embedding.weight`, [(sizePx / patchPx) ** 2 + 1, width])
  // The misspelling is transformers'.
  list.norm('vision_model.pre_layrnorm', width)
  for (let i = 0; i < config.layerCount; i++) {
    const layer = `vision_model.encoder.layers.${i}`
    for (const name of ['q_proj', 'k_proj', 'v_proj', 'out_proj'])
      list.linear(`${layer}.self_attn.${name}`, width, width)
    list.norm(`${layer}.layer_norm1`, width)
    list.norm(`${layer}.layer_norm2`, width)
    list.linear(`${layer}.mlp.fc1`, width, intermediateSize)
    list.linear(`${layer}.mlp.fc2`, intermediateSize, width)
  }
  list.norm('vision_model.post_layernorm', width)
  const { size, isTransposed } = projection
  list.tensors.set('visual_projection.weight', isTransposed ? [width, size] : [size, width])
  return list.tensors
}
