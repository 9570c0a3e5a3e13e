import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import { StudioError } from '../contract/failure.ts'
import type { Checkpoint, LabelCheckpoint, ModelFacts } from './checkpoint.ts'
import type { AutoencoderConfig, ClipTextConfig, DiffusionConfig, UnetConfig } from './config.ts'
import type { ExpectedTensors } from './expected/layers.ts'
import { isOnnxFolder } from './onnx/is-onnx-folder.ts'
import type { TensorEntry, TensorIndex } from './tensor-index.ts'
import { weightsOver } from './weights.ts'
import type { NameMap, Weights } from './weights.ts'

/** Dimensions that someone knows better than the files, as a test's manifest does. */
export interface CheckpointOverrides {
  readonly unet?: Partial<UnetConfig>
  readonly autoencoder?: Partial<AutoencoderConfig>
  /** One for each text encoder, in their order. */
  readonly textEncoders?: readonly Partial<ClipTextConfig>[]
  readonly diffusion?: Partial<DiffusionConfig>
}

/** A network of a draft: the weights found, and what it needs. */
export interface DraftNetwork {
  readonly label: string
  /** The file or folder that messages name. */
  readonly path: string
  readonly weights: Weights
  readonly expected: ExpectedTensors
}

/** A network of a single file: what it needs, and where the file has it. */
export function networkIn<C>(
  { file: path, entries }: TensorIndex,
  label: string,
  config: C,
  nameMap: NameMap,
  expected: ExpectedTensors,
): DraftNetwork & { readonly config: C } {
  return { label, path, config, expected, weights: weightsOver({ path, entries, nameMap }, expected) }
}

/** A model as its files describe it, before anyone has checked that it can run. */
export interface Draft<M extends Checkpoint | LabelCheckpoint = Checkpoint> {
  readonly checkpoint: M
  readonly networks: readonly DraftNetwork[]
  /** Sentences about weights that could not be read at all. */
  readonly faults: readonly string[]
  /** All that the files hold. */
  readonly tensors: readonly TensorEntry[]
  /** Whether a tensor is known not to be needed. */
  isIgnored(name: string): boolean
}

/** Where something that may be a model lies. */
export interface Place {
  /** Absolute. */
  readonly path: string
  readonly layout: ModelFacts['layout']
  /** Of a single file; 0 for a folder. */
  readonly fileBytes: number
}

/**
 * Where a model lies and in which layout.
 * @throws StudioError model-missing when there is nothing, checkpoint-unsupported for a folder that is no model
 */
export async function locate(path: string): Promise<Place> {
  const absolute = resolve(path)
  const found = await stat(absolute).catch((error: unknown) => {
    throw new StudioError('model-missing', `${absolute}: expected a model's folder or file, found nothing`, {
      cause: error,
    })
  })
  if (found.isFile()) return { path: absolute, layout: 'single-file', fileBytes: found.size }
  const names = found.isDirectory() ? (await readdir(absolute)).sort() : []
  if (names.includes('model_index.json')) {
    return { path: absolute, layout: (await isOnnxFolder(absolute)) ? 'onnx' : 'diffusers', fileBytes: 0 }
  }
  throw new StudioError(
    'checkpoint-unsupported',
    `${absolute}: expected a model's folder with model_index.json, found ${contentsOf(names)}`,
  )
}

/** Folders that the networks of a diffusers model lie in. */
const NETWORK_FOLDERS = ['unet', 'vae', 'text_encoder', 'text_encoder_2', 'transformer', 'prior']

function contentsOf(names: readonly string[]): string {
  const networks = names.filter((name) => NETWORK_FOLDERS.includes(name))
  if (networks.length > 0) return `networks alone (${networks.join(', ')}), without what says how they join`
  if (names.length > 8) return `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`
  return names.join(', ') || 'nothing in it'
}

/** A model's name from its path; a snapshot of the Hugging Face cache has that of its repository. */
export function modelName(path: string, layout: ModelFacts['layout']): string {
  if (layout === 'single-file') return basename(path, extname(path))
  const repository = /^models--.*--(.+)$/.exec(basename(dirname(dirname(path))))
  return (basename(dirname(path)) === 'snapshots' ? repository?.[1] : undefined) ?? basename(path)
}

/** What messages call a model's text encoder, by its place among them. */
export function textEncoderLabel(place: number): string {
  return place === 0 ? 'text encoder' : 'second text encoder'
}

/** Pixels a latent cell stands for: the autoencoder halves between its levels. */
export function pixelsPerLatent({ blockChannels }: AutoencoderConfig): number {
  return 2 ** (blockChannels.length - 1)
}
