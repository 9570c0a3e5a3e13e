import { join } from 'node:path'
import * as z from 'zod'
import { StudioError } from '../../contract/failure.ts'
import { modelDefaults, readCard } from '../card.ts'
import { modelName, pixelsPerLatent } from '../draft.ts'
import type { CheckpointOverrides, Draft } from '../draft.ts'
import { autoencoderTensors } from '../expected/autoencoder.ts'
import { textEncoderTensors } from '../expected/text-encoder.ts'
import { unetTensors } from '../expected/unet.ts'
import type { ModelFamily } from '../families/family.ts'
import { FAMILIES } from '../families/index.ts'
import { readJsonFile } from '../json-file.ts'
import { weightsOver } from '../weights.ts'
import type { NameMap } from '../weights.ts'
import { readAutoencoderConfig } from './autoencoder-config.ts'
import { readSchedulerConfig } from './scheduler-config.ts'
import { readTextEncoderConfig } from './text-encoder-config.ts'
import { readTokenizerSource } from './tokenizer.ts'
import { readUnetConfig } from './unet-config.ts'
import { readFolderTensors } from './weight-files.ts'
import type { FolderTensors } from './weight-files.ts'

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
  const families = await familiesOf(join(path, 'model_index.json'))
  const { config, sampleSize } = await readUnetConfig(join(path, 'unet', 'config.json'))
  const family = families.find(({ diffusers }) => diffusers?.detect(config))
  if (!family)
    throw new StudioError('checkpoint-unsupported', `${path}: expected a U-Net of ${names(families)}, found another`)

  const unet = { ...config, ...overrides.unet }
  const autoencoder = { ...(await readAutoencoderConfig(join(path, 'vae', 'config.json'))), ...overrides.autoencoder }
  const textEncoder = {
    ...(await readTextEncoderConfig(join(path, 'text_encoder', 'config.json'))),
    ...overrides.textEncoder,
  }
  const diffusion = await readSchedulerConfig(join(path, 'scheduler', 'scheduler_config.json'))
  const tokenizer = await readTokenizerSource(join(path, 'tokenizer'))
  const card = await readCard(path)

  const parts = [
    { label: 'U-Net', folder: 'unet', stem: 'diffusion_pytorch_model', expected: unetTensors(unet), nameMap: ownName },
    {
      label: 'autoencoder',
      folder: 'vae',
      stem: 'diffusion_pytorch_model',
      expected: autoencoderTensors(autoencoder),
      nameMap: autoencoderNames,
    },
    {
      label: 'text encoder',
      folder: 'text_encoder',
      stem: 'model',
      expected: textEncoderTensors(textEncoder),
      nameMap: textEncoderNames,
    },
  ]
  const networks = await Promise.all(
    parts.map(async ({ label, folder, stem, expected, nameMap }) => {
      const place = join(path, folder)
      const { entries, sizeBytes, fault } = await readOrFault(place, stem)
      return {
        label,
        path: place,
        expected,
        entries,
        sizeBytes,
        fault,
        weights: weightsOver({ path: place, entries, nameMap }, expected),
      }
    }),
  )
  const [unetWeights, autoencoderWeights, textWeights] = networks.map(({ weights }) => weights)
  if (!unetWeights || !autoencoderWeights || !textWeights) throw new RangeError('expected three networks')

  return {
    checkpoint: {
      path,
      name: card.name ?? modelName(path, 'diffusers'),
      familyName: card.familyName ?? family.name,
      layout: 'diffusers',
      family,
      unet: { config: unet, weights: unetWeights },
      autoencoder: { config: autoencoder, weights: autoencoderWeights },
      textEncoder: { config: textEncoder, weights: textWeights },
      diffusion: { ...diffusion, ...overrides.diffusion },
      tokenizer,
      defaults: modelDefaults(family.defaults, sampleSize && sampleSize * pixelsPerLatent(autoencoder), card),
      sizeBytes: networks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    },
    networks,
    faults: networks.flatMap(({ fault }) => fault ?? []),
    tensors: networks.flatMap(({ entries }) => [...entries.values()]),
    isIgnored: (name) => name.endsWith('embeddings.position_ids'),
  }
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

function names(families: readonly ModelFamily[]): string {
  return families.map(({ name }) => name).join(' or ')
}

const ownName: NameMap = (name) => [name]

/** Files saved before diffusers 0.18 have other names in the middle attention. */
const autoencoderNames: NameMap = (name) => [
  name,
  name
    .replace('.to_q.', '.query.')
    .replace('.to_k.', '.key.')
    .replace('.to_v.', '.value.')
    .replace('.to_out.0.', '.proj_attn.'),
]

/** Some files leave the `text_model.` part out. */
const textEncoderNames: NameMap = (name) => [name, name.replace(/^text_model\./, '')]
