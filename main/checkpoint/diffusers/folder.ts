import { join } from 'node:path'
import * as z from 'zod'
import { StudioError } from '../../contract/failure.ts'
import { modelDefaults, readCard } from '../card.ts'
import { modelName, pixelsPerLatent } from '../draft.ts'
import type { UnetConfig } from '../config.ts'
import type { CheckpointOverrides, Draft } from '../draft.ts'
import type { ModelFamily } from '../families/family.ts'
import { FAMILIES } from '../families/index.ts'
import { readJsonFile } from '../json-file.ts'
import { AUTOENCODER, readNetwork, TEXT_ENCODER, UNET } from './network.ts'
import { readAutoencoderConfig } from './autoencoder-config.ts'
import { readSchedulerConfig } from './scheduler-config.ts'
import { readTextEncoderConfig } from './text-encoder-config.ts'
import { readTokenizerSource } from './tokenizer.ts'
import { readUnetConfig } from './unet-config.ts'

/** The component classes that the networks here implement. */
const COMPONENTS = {
  unet: ['UNet2DConditionModel'],
  vae: ['AutoencoderKL'],
  text_encoder: ['CLIPTextModel'],
  tokenizer: ['CLIPTokenizer', 'CLIPTokenizerFast'],
}

const Index = z.looseObject({ _class_name: z.string() })
const ComponentClass = z.tuple([z.string().nullable(), z.string()])

/**
 * A diffusers folder as its configuration files and weight headers describe it.
 * @throws StudioError checkpoint-unsupported
 */
export async function readDiffusersFolder(path: string, overrides: CheckpointOverrides): Promise<Draft> {
  const { family, config, sampleSize } = await recognise(path)
  const read = {
    autoencoder: await readAutoencoderConfig(join(path, 'vae', 'config.json')),
    textEncoder: await readTextEncoderConfig(join(path, 'text_encoder', 'config.json')),
    diffusion: await readSchedulerConfig(join(path, 'scheduler', 'scheduler_config.json')),
    tokenizer: await readTokenizerSource(join(path, 'tokenizer')),
    card: await readCard(path),
  }
  const unet = await readNetwork(path, UNET, { ...config, ...overrides.unet })
  const autoencoder = await readNetwork(path, AUTOENCODER, { ...read.autoencoder, ...overrides.autoencoder })
  const textEncoder = await readNetwork(path, TEXT_ENCODER, { ...read.textEncoder, ...overrides.textEncoder })
  const networks = [unet, autoencoder, textEncoder]
  const nativeSizePx = sampleSize && sampleSize * pixelsPerLatent(autoencoder.config)
  return {
    checkpoint: {
      path,
      name: read.card.name ?? modelName(path, 'diffusers'),
      familyName: read.card.familyName ?? family.name,
      layout: 'diffusers',
      family,
      unet,
      autoencoder,
      textEncoder,
      diffusion: { ...read.diffusion, ...overrides.diffusion },
      tokenizer: read.tokenizer,
      defaults: modelDefaults(family.defaults, nativeSizePx, read.card),
      sizeBytes: networks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    },
    networks,
    faults: networks.flatMap(({ fault }) => fault ?? []),
    tensors: networks.flatMap(({ tensors }) => tensors),
    isIgnored: (name) => name.endsWith('embeddings.position_ids'),
  }
}

/** The family of a folder's U-Net, and the U-Net's configuration. */
async function recognise(
  path: string,
): Promise<{ family: ModelFamily; config: UnetConfig; sampleSize: number | null }> {
  const families = await familiesOf(join(path, 'model_index.json'))
  const { config, sampleSize } = await readUnetConfig(join(path, 'unet', 'config.json'))
  const family = families.find(({ diffusers }) => diffusers?.detect(config))
  if (family) return { family, config, sampleSize }
  const known = families.map(({ name }) => name).join(' or ')
  throw new StudioError('checkpoint-unsupported', `${path}: expected a U-Net of ${known}, found another`)
}

/** The families whose pipelines have the class that the index names. */
async function familiesOf(path: string): Promise<ModelFamily[]> {
  const index = await readJsonFile(path, Index)
  const families = FAMILIES.filter(({ diffusers }) => diffusers?.pipelines.includes(index._class_name))
  if (families.length === 0) {
    const known = new Set(FAMILIES.flatMap(({ diffusers }) => diffusers?.pipelines ?? []))
    throw new StudioError(
      'checkpoint-unsupported',
      `${path}: expected a pipeline of ${[...known].join(' or ')}, found ${index._class_name}, which is not run yet`,
    )
  }
  for (const [component, classes] of Object.entries(COMPONENTS)) {
    const found = ComponentClass.safeParse(index[component])
    if (found.success && classes.includes(found.data[1])) continue
    const what = found.success ? found.data[1] : 'none'
    throw new StudioError(
      'checkpoint-unsupported',
      `${path}: ${component}: expected ${classes.join(' or ')}, found ${what}`,
    )
  }
  return families
}
