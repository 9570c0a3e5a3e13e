import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { StudioError } from '../../contract/failure.ts'
import type { AutoencoderConfig } from '../config.ts'
import { readAutoencoderConfig } from '../diffusers/autoencoder-config.ts'
import { AUTOENCODER } from '../diffusers/network.ts'
import { readFolderTensors } from '../diffusers/weight-files.ts'
import { autoencoderTensors } from '../expected/autoencoder.ts'
import { readTensorIndex } from '../file-kind.ts'
import { readJsonFile } from '../json-file.ts'
import { ldmAutoencoderConfig } from '../ldm/dimensions.ts'
import { LDM_AUTOENCODER, ldmAutoencoderNames } from '../ldm/names.ts'
import { withPrefix } from '../tensor-index.ts'
import type { TensorEntry, TensorIndex } from '../tensor-index.ts'
import { readTinyAutoencoder } from '../tiny-autoencoder.ts'
import type { TinyAutoencoderConfig } from '../tiny-autoencoder.ts'
import type { Component, NameMap } from '../weights.ts'
import { autoencoderDimensions } from './autoencoder-dimensions.ts'
import { soundWeights } from './sound-weights.ts'

/** An autoencoder by itself, to be taken in place of a model's own. */
export type ExternalAutoencoder =
  | { readonly kind: 'full'; readonly component: Component<AutoencoderConfig> }
  /** TAESD and its like, which work on latents in the U-Net's scale. */
  | {
      readonly kind: 'tiny'
      readonly decoder: Component<TinyAutoencoderConfig>
      /** Null where its file is not beside the decoder's. */
      readonly encoder: Component<TinyAutoencoderConfig> | null
    }

type Entries = ReadonlyMap<string, TensorEntry>

const FolderConfig = z.looseObject({ _class_name: z.string().optional() })

/**
 * An autoencoder from a file of the original's names, with their prefix (as in a whole model) or without, or of diffusers'
 * names, from a diffusers `vae` folder, or a tiny one's decoder file, whose encoder is looked for beside it.
 * @param scalingFactor the model's own, which holds unless a configuration of the autoencoder's says otherwise
 * @throws StudioError model-missing, checkpoint-unsupported
 */
export async function openAutoencoder(path: string, scalingFactor: number): Promise<ExternalAutoencoder> {
  const { folder, index } = await locateWeights(path)
  const names = [...index.entries.keys()]
  if (names.some((name) => name.startsWith('decoder.layers.'))) return tinyInOneFile(index)
  if (names.some((name) => /^\d+\.conv\.0\.weight$/.test(name))) return await tinyInTwoFiles(index)
  if (names.some((name) => /^encoder\.down_blocks\./.test(name))) {
    const config = await folderConfig(folder, index.entries, scalingFactor)
    return { kind: 'full', component: complete(index, config, AUTOENCODER.nameMap) }
  }
  if (names.some((name) => /^(?:first_stage_model\.)?encoder\.down\.0\./.test(name))) {
    const prefixed = withPrefix(index, LDM_AUTOENCODER)
    const config = ldmAutoencoderConfig(prefixed, scalingFactor)
    return { kind: 'full', component: complete(prefixed, config, ldmAutoencoderNames(config)) }
  }
  const some = names.slice(0, 3).join(', ') || 'none'
  throw new StudioError('checkpoint-unsupported', `${path}: expected the tensors of an autoencoder, found ${some}`)
}

/** A file's tensors, or those of a diffusers folder. */
async function locateWeights(path: string): Promise<{ folder: string; index: TensorIndex }> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new StudioError('model-missing', `${path}: expected an autoencoder, found none`, { cause })
  })
  if (!found.isDirectory()) return { folder: dirname(path), index: await readTensorIndex(path) }
  const { entries, sizeBytes } = await readFolderTensors(path, AUTOENCODER.stem)
  return { folder: path, index: { file: path, sizeBytes, entries, metadata: {} } }
}

/** The configuration beside diffusers' weights; a file without one is counted in its tensors. */
async function folderConfig(folder: string, entries: Entries, scalingFactor: number): Promise<AutoencoderConfig> {
  const path = join(folder, 'config.json')
  // A file among others may lie beside a configuration that is of something else.
  const config = await readJsonFile(path, FolderConfig).catch(() => null)
  if (config?._class_name === 'AutoencoderKL') return readAutoencoderConfig(path)
  return autoencoderDimensions(folder, entries, scalingFactor)
}

function complete(index: TensorIndex, config: AutoencoderConfig, nameMap: NameMap): Component<AutoencoderConfig> {
  const source = { path: index.file, entries: index.entries, nameMap }
  return { config, weights: soundWeights(source, autoencoderTensors(config)) }
}

function tinyInOneFile(index: TensorIndex): ExternalAutoencoder {
  const hasEncoder = index.entries.has('encoder.layers.0.weight')
  return {
    kind: 'tiny',
    decoder: readTinyAutoencoder(index, 'decoder'),
    encoder: hasEncoder ? readTinyAutoencoder(index, 'encoder') : null,
  }
}

/** The original's two files differ in a word of their names; either finds the other. */
async function tinyInTwoFiles(index: TensorIndex): Promise<ExternalAutoencoder> {
  // A decoder's first layer is its clamp, which has no weights.
  const isDecoder = !index.entries.has('0.weight')
  const [own, other] = isDecoder ? (['decoder', 'encoder'] as const) : (['encoder', 'decoder'] as const)
  const name = index.file.slice(dirname(index.file).length)
  const beside = dirname(index.file) + name.replace(own, other)
  const isThere = beside !== index.file && (await stat(beside).catch(() => null)) !== null
  const half = readTinyAutoencoder(index, own)
  if (isDecoder) {
    return {
      kind: 'tiny',
      decoder: half,
      encoder: isThere ? readTinyAutoencoder(await readTensorIndex(beside), other) : null,
    }
  }
  if (isThere)
    return { kind: 'tiny', decoder: readTinyAutoencoder(await readTensorIndex(beside), other), encoder: half }
  throw new StudioError(
    'checkpoint-unsupported',
    `${index.file}: expected the decoder of a tiny autoencoder, found an encoder alone`,
  )
}
