import { basename, dirname, extname, join } from 'node:path'
import * as z from 'zod'
import { toFailure } from '../contract/failure.ts'
import type { ModelSummary } from '../contract/model.ts'
import type { PartKind, PartSummary } from '../contract/part.ts'
import { partDistillation } from '../checkpoint/distilled.ts'
import { readFolderTensors } from '../checkpoint/diffusers/weight-files.ts'
import { readTensorIndex } from '../checkpoint/file-kind.ts'
import { readJsonFile } from '../checkpoint/json-file.ts'
import { embeddingWord } from '../checkpoint/parts/embedding.ts'
import { identifyPart } from '../checkpoint/parts/identify.ts'
import type { TensorIndex } from '../checkpoint/tensor-index.ts'
import { modelId } from './model-id.ts'
import { isAmbiguous } from './scan.ts'
import type { Place } from './scan.ts'
import { readSidecars } from './sidecars.ts'
import type { Told } from './sidecars.ts'
import { summarise } from './summary.ts'

/** What lies at a place: a model, a part, or neither. */
export interface Described {
  readonly model: ModelSummary | null
  readonly part: PartSummary | null
  readonly thumbnail: Told['thumbnail']
}

const NOTHING: Described = { model: null, part: null, thumbnail: null }

/** What the library says about a place, from headers, configuration and the files beside it. Never fails: a model or part that cannot be used has its problem. */
export async function describe(place: Place, memoryBytes: number): Promise<Described> {
  if (place.kind === 'network') return describeNetwork(place)
  if (place.kind === 'model') return describeModel(place, {}, memoryBytes)
  const read = await readTensorIndex(place.path).then(
    (index) => ({ index }),
    (error: unknown) => ({ problem: toFailure(error).message }),
  )
  if ('index' in read) {
    const identity = identifyPart(read.index)
    if (identity) return describePart(place, { ...read.index, ...identity })
    return describeModel(place, read.index.metadata, memoryBytes)
  }
  // Where it lies is all that tells what it was meant to be.
  if (place.hint !== null) {
    const { hint: kind } = place
    return describePart(place, { kind, families: [], metadata: {}, sizeBytes: 0, problem: read.problem })
  }
  return isAmbiguous(place.path) ? NOTHING : describeModel(place, {}, memoryBytes)
}

async function describeModel(place: Place, metadata: TensorIndex['metadata'], memoryBytes: number): Promise<Described> {
  const model = await summarise(place.path, { isBuiltIn: false, memoryBytes })
  if (!model) return NOTHING
  const { triggerWords, description, thumbnail } = await readSidecars(place, metadata)
  const told = { triggerWords: [...triggerWords], hasThumbnail: thumbnail !== null }
  return { model: { ...model, ...told, description: description ?? model.description }, part: null, thumbnail }
}

interface PartFacts {
  readonly kind: PartKind
  readonly families: readonly string[]
  readonly entries?: TensorIndex['entries']
  readonly metadata: TensorIndex['metadata']
  readonly sizeBytes: number
  readonly problem: string | null
}

async function describePart(
  place: Place,
  { kind, families, entries, metadata, sizeBytes, problem }: PartFacts,
): Promise<Described> {
  const { triggerWords, description, preferredWeight, thumbnail } = await readSidecars(place, metadata)
  const ownWord = kind === 'embedding' && entries ? embeddingWord(entries) : null
  const name = partName(place)
  const isToldGuidance = GUIDANCE_TENSORS.some((tensor) => entries?.has(tensor))
  const part: PartSummary = {
    id: modelId(place.path, name),
    kind,
    name,
    path: place.path,
    families: [...families],
    sizeBytes,
    preferredWeight,
    ...partDistillation({ name, metadata, isToldGuidance }, kind),
    triggerWords: [...new Set([...(ownWord === null ? [] : [ownWord]), ...triggerWords])],
    description,
    hasThumbnail: thumbnail !== null,
    sha256: null,
    dataSha256: null,
    problem,
  }
  return { model: null, part, thumbnail }
}

/** What tells a latent consistency model the guidance scale, in diffusers' names and the original's. */
const GUIDANCE_TENSORS = ['', 'model.diffusion_model.'].flatMap((prefix) =>
  ['time_embedding', 'time_embed'].map((layer) => `${prefix}${layer}.cond_proj.weight`),
)

/** What diffusers and PEFT call every LoRA or embedding that they save. */
const COMMON_NAMES = ['pytorch_lora_weights', 'adapter_model', 'learned_embeds']

/** A file's own, or its folder's where it has one that tells nothing. */
function partName({ kind, path }: Place): string {
  const stem = basename(path, extname(path))
  if (kind === 'file' && !COMMON_NAMES.includes(stem)) return stem
  return networkName(kind === 'file' ? dirname(path) : path)
}

const NetworkConfig = z.looseObject({
  _class_name: z.string().optional(),
  architectures: z.array(z.string()).optional(),
})

/** The kinds of network that are a part when they lie alone, by the class that their configuration names, and how their weights are called. */
const NETWORK_KINDS: Readonly<Record<string, { readonly kind: PartKind; readonly stem: string }>> = {
  AutoencoderKL: { kind: 'autoencoder', stem: 'diffusion_pytorch_model' },
  AutoencoderTiny: { kind: 'autoencoder', stem: 'diffusion_pytorch_model' },
  UNet2DConditionModel: { kind: 'unet', stem: 'diffusion_pytorch_model' },
  ControlNetModel: { kind: 'controlnet', stem: 'diffusion_pytorch_model' },
  CLIPVisionModelWithProjection: { kind: 'image-encoder', stem: 'model' },
  CLIPVisionModel: { kind: 'image-encoder', stem: 'model' },
  CLIPModel: { kind: 'image-encoder', stem: 'model' },
}

/** A network in a folder of its own: a part, or nothing where it is of another kind. */
async function describeNetwork(place: Place): Promise<Described> {
  // Folders of many other programs have such a file.
  const config = await readJsonFile(join(place.path, 'config.json'), NetworkConfig).catch(() => null)
  const className = config?._class_name ?? config?.architectures?.[0] ?? ''
  const network = Object.hasOwn(NETWORK_KINDS, className) ? NETWORK_KINDS[className] : undefined
  if (!network) return NOTHING
  const { kind, stem } = network
  try {
    const { entries, sizeBytes } = await readFolderTensors(place.path, stem)
    const families = identifyPart({ entries })?.families ?? []
    return await describePart(place, { kind, families, entries, metadata: {}, sizeBytes, problem: null })
  } catch (error) {
    const problem = toFailure(error).message
    return describePart(place, { kind, families: [], metadata: {}, sizeBytes: 0, problem })
  }
}

/** A network's folder in a repository is called by what it is in it, so the folder around it is named as well. */
function networkName(path: string): string {
  const name = basename(path)
  const around = basename(dirname(path))
  const repository = /^models--.*--(.+)$/
  if (around === 'snapshots') return repository.exec(basename(dirname(dirname(path))))?.[1] ?? name
  if (!/^(?:vae|unet|controlnet|image_encoder|text_encoder)\w*$/.test(name)) return name
  const snapshot = basename(dirname(dirname(path))) === 'snapshots' ? basename(dirname(dirname(dirname(path)))) : ''
  return `${repository.exec(snapshot)?.[1] ?? around} ${name}`
}
