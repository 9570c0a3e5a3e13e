import { join } from 'node:path'
import * as z from 'zod'
import { StudioError } from '../../contract/failure.ts'
import { modelDefaults, readCard } from '../card.ts'
import { modelName, pixelsPerLatent } from '../draft.ts'
import { distillation, fewSteps } from '../distilled.ts'
import { modelInput } from '../input.ts'
import type { TextEncoderPart } from '../checkpoint.ts'
import type { ClipTextConfig, UnetConfig } from '../config.ts'
import type { CheckpointOverrides, Draft } from '../draft.ts'
import type { DiffusersRecipe, FolderTextEncoder, ModelFamily } from '../families/family.ts'
import { FAMILIES } from '../families/index.ts'
import { readJsonFile } from '../json-file.ts'
import { AUTOENCODER, readNetwork, textEncoderPlace, UNET } from './network.ts'
import type { FolderNetwork } from './network.ts'
import { readAutoencoderConfig } from './autoencoder-config.ts'
import { readSchedulerConfig } from './scheduler-config.ts'
import { readTextEncoderConfig } from './text-encoder-config.ts'
import { readTokenizerSource } from './tokenizer.ts'
import { readUnetConfig } from './unet-config.ts'

const TOKENIZERS = ['CLIPTokenizer', 'CLIPTokenizerFast']

const Index = z.looseObject({ _class_name: z.string() })
const ComponentClass = z.tuple([z.string().nullable(), z.string()])

/**
 * A diffusers folder as its configuration files and weight headers describe it.
 * @throws StudioError checkpoint-unsupported
 */
export async function readDiffusersFolder(path: string, overrides: CheckpointOverrides): Promise<Draft> {
  const { family, recipe, config, sampleSize, scheduler } = await recognise(path)
  const read = {
    autoencoder: await readAutoencoderConfig(join(path, 'vae', 'config.json')),
    diffusion: await readSchedulerConfig(join(path, 'scheduler', 'scheduler_config.json')),
    card: await readCard(path),
  }
  const unet = await readNetwork(path, UNET, { ...config, ...overrides.unet })
  const autoencoder = await readNetwork(path, AUTOENCODER, { ...read.autoencoder, ...overrides.autoencoder })
  const [first, ...others] = recipe.textEncoders
  const textEncoder = (part: FolderTextEncoder, place: number) =>
    readTextEncoder(path, part, place, overrides.textEncoders?.[place])
  const textEncoders = [
    await textEncoder(first, 0),
    ...(await Promise.all(others.map((part, i) => textEncoder(part, i + 1)))),
  ] as const
  const networks = [unet, autoencoder, ...textEncoders]
  const nativeSizePx = sampleSize && sampleSize * pixelsPerLatent(autoencoder.config)
  const name = read.card.name ?? modelName(path, 'diffusers')
  const distilled = distillation({ name, scheduler, isToldGuidance: unet.config.guidanceSize !== null })
  return {
    checkpoint: {
      path,
      name,
      familyName: read.card.familyName ?? family.name,
      layout: 'diffusers',
      family,
      unet,
      autoencoder,
      textEncoders,
      diffusion: { ...read.diffusion, ...overrides.diffusion },
      isPredictionTypeStated: true,
      defaults: modelDefaults(
        fewSteps(family.defaults, read.diffusion, distilled),
        distilled?.defaults.widthPx ?? nativeSizePx,
        read.card,
      ),
      input: modelInput(unet.config.inChannels, autoencoder.config.latentChannels) ?? 'none',
      hint: distilled?.hint ?? null,
      sizeBytes: networks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    },
    networks,
    faults: networks.flatMap(({ fault }) => fault ?? []),
    tensors: networks.flatMap(({ tensors }) => tensors),
    isIgnored: (name) => name.endsWith('embeddings.position_ids'),
  }
}

async function readTextEncoder(
  path: string,
  { folder, tokenizer, className, context }: FolderTextEncoder,
  place: number,
  override: Partial<ClipTextConfig> = {},
): Promise<FolderNetwork<ClipTextConfig> & TextEncoderPart> {
  const isProjected = className === 'CLIPTextModelWithProjection'
  const config = await readTextEncoderConfig(join(path, folder, 'config.json'), isProjected)
  const network = await readNetwork(path, textEncoderPlace(folder, place), { ...config, ...context, ...override })
  return { ...network, tokenizer: await readTokenizerSource(join(path, tokenizer)) }
}

interface Recognised {
  readonly family: ModelFamily
  readonly recipe: DiffusersRecipe
  readonly config: UnetConfig
  readonly sampleSize: number | null
  /** The class that the index names. */
  readonly scheduler: string
}

/** The family of a folder's U-Net, and the U-Net's configuration. */
async function recognise(path: string): Promise<Recognised> {
  const indexPath = join(path, 'model_index.json')
  const index = await readJsonFile(indexPath, Index)
  const families = familiesOf(indexPath, index)
  const { config, sampleSize } = await readUnetConfig(join(path, 'unet', 'config.json'))
  const has = (component: string) => ComponentClass.safeParse(index[component]).success
  for (const family of families) {
    const recipe = family.diffusers
    if (!recipe?.detect(config, has)) continue
    requireComponents(indexPath, index, recipe)
    const named = ComponentClass.safeParse(index['scheduler'])
    return { family, recipe, config, sampleSize, scheduler: named.success ? named.data[1] : '' }
  }
  const known = families.map(({ name }) => name).join(' or ')
  throw new StudioError('checkpoint-unsupported', `${path}: expected a U-Net of ${known}, found another`)
}

/** The families whose pipelines have the class that the index names. */
function familiesOf(path: string, index: z.infer<typeof Index>): ModelFamily[] {
  const families = FAMILIES.filter(({ diffusers }) => diffusers?.pipelines.includes(index._class_name))
  if (families.length === 0) {
    const known = new Set(FAMILIES.flatMap(({ diffusers }) => diffusers?.pipelines ?? []))
    throw new StudioError(
      'checkpoint-unsupported',
      `${path}: expected a pipeline of ${[...known].join(' or ')}, found ${index._class_name}, which is not run yet`,
    )
  }
  return families
}

/** The components must be of the classes that the networks here implement. */
function requireComponents(path: string, index: z.infer<typeof Index>, { textEncoders }: DiffusersRecipe): void {
  const components: [string, string[]][] = [
    ['unet', ['UNet2DConditionModel']],
    ['vae', ['AutoencoderKL']],
    ...textEncoders.map(({ folder, className }): [string, string[]] => [folder, [className]]),
    ...textEncoders.map(({ tokenizer }): [string, string[]] => [tokenizer, TOKENIZERS]),
  ]
  for (const [component, classes] of components) {
    const found = ComponentClass.safeParse(index[component])
    if (found.success && classes.includes(found.data[1])) continue
    const what = found.success ? found.data[1] : 'none'
    throw new StudioError(
      'checkpoint-unsupported',
      `${path}: ${component}: expected ${classes.join(' or ')}, found ${what}`,
    )
  }
}
