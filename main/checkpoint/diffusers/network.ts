import { join } from 'node:path'
import { StudioError } from '../../contract/failure.ts'
import type { AutoencoderConfig, ClipTextConfig, UnetConfig } from '../config.ts'
import { textEncoderLabel } from '../draft.ts'
import type { DraftNetwork } from '../draft.ts'
import { autoencoderTensors } from '../expected/autoencoder.ts'
import type { ExpectedTensors } from '../expected/layers.ts'
import { textEncoderTensors } from '../expected/text-encoder.ts'
import { unetTensors } from '../expected/unet.ts'
import type { TensorEntry } from '../tensor-index.ts'
import { weightsOver } from '../weights.ts'
import type { NameMap } from '../weights.ts'
import { readFolderTensors } from './weight-files.ts'
import type { FolderTensors } from './weight-files.ts'

/** One network's place in a diffusers folder. */
interface NetworkPlace<C> {
  readonly label: string
  readonly folder: string
  /** What its weight files' names begin with. */
  readonly stem: string
  readonly expected: (config: C) => ExpectedTensors
  readonly nameMap: NameMap
}

export const UNET: NetworkPlace<UnetConfig> = {
  label: 'U-Net',
  folder: 'unet',
  stem: 'diffusion_pytorch_model',
  expected: unetTensors,
  nameMap: (name) => [name],
}

export const AUTOENCODER: NetworkPlace<AutoencoderConfig> = {
  label: 'autoencoder',
  folder: 'vae',
  stem: 'diffusion_pytorch_model',
  expected: autoencoderTensors,
  // Files saved before diffusers 0.18 have other names in the middle attention.
  nameMap: (name) => [
    name,
    name
      .replace('.to_q.', '.query.')
      .replace('.to_k.', '.key.')
      .replace('.to_v.', '.value.')
      .replace('.to_out.0.', '.proj_attn.'),
  ],
}

/** @param place among the model's text encoders */
export function textEncoderPlace(folder: string, place: number): NetworkPlace<ClipTextConfig> {
  return {
    label: textEncoderLabel(place),
    folder,
    stem: 'model',
    expected: textEncoderTensors,
    // Some files leave the first part out.
    nameMap: (name) => [name, name.replace(/^text_model\./, '')],
  }
}

export interface FolderNetwork<C> extends DraftNetwork {
  readonly config: C
  readonly tensors: readonly TensorEntry[]
  readonly sizeBytes: number
  /** Why its weights could not be read. */
  readonly fault: string | null
}

/** A network of a diffusers folder over the weights in it, whether they can be read or not. */
export async function readNetwork<C>(path: string, place: NetworkPlace<C>, config: C): Promise<FolderNetwork<C>> {
  const { label, stem, nameMap } = place
  const folder = join(path, place.folder)
  const { entries, sizeBytes, fault } = await readOrFault(folder, stem)
  const expected = place.expected(config)
  const weights = weightsOver({ path: folder, entries, nameMap }, expected)
  return { label, path: folder, config, weights, expected, tensors: [...entries.values()], sizeBytes, fault }
}

/** A component whose weights cannot be read has none, and the reason: what else the folder holds can still be told. */
async function readOrFault(folder: string, stem: string): Promise<FolderTensors & { fault: string | null }> {
  try {
    return { ...(await readFolderTensors(folder, stem)), fault: null }
  } catch (error) {
    if (!(error instanceof StudioError)) throw error
    return { entries: new Map(), sizeBytes: 0, fault: error.message }
  }
}
