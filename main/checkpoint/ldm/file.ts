import { StudioError } from '../../contract/failure.ts'
import { modelDefaults } from '../card.ts'
import { distillation, fewSteps } from '../distilled.ts'
import { modelInput } from '../input.ts'
import { modelName, networkIn, pixelsPerLatent, textEncoderLabel } from '../draft.ts'
import type { CheckpointOverrides, Draft } from '../draft.ts'
import { autoencoderTensors } from '../expected/autoencoder.ts'
import { textEncoderTensors } from '../expected/text-encoder.ts'
import { unetTensors } from '../expected/unet.ts'
import type { ModelFamily, SingleFileRecipe } from '../families/family.ts'
import { FAMILIES } from '../families/index.ts'
import { looksLike } from '../looks-like.ts'
import { refuseScaledWeights } from '../scaled-weights.ts'
import type { TensorIndex } from '../tensor-index.ts'
import { ldmDiffusionConfig, statedPredictionType } from './diffusion.ts'
import { readSidecar } from './sidecar.ts'
import type { Sidecar } from './sidecar.ts'
import type { LdmTextEncoder } from './text-encoders.ts'

/**
 * A single-file checkpoint as its header, and a configuration beside it, describe it.
 * @throws StudioError checkpoint-unsupported
 */
export async function readSingleFile(index: TensorIndex, overrides: CheckpointOverrides): Promise<Draft> {
  const { file: path, entries, metadata } = index
  const { family, recipe } = recognise(index)
  requireComponents(index, recipe)
  refuseScaledWeights(index)
  const sidecar = await readSidecar(path)
  const { unet, autoencoder, textEncoders } = networksOf(index, recipe, sidecar, overrides)

  const input = modelInput(unet.config.inChannels, autoencoder.config.latentChannels) ?? 'none'
  // Of the models that are trained further with a picture beside the latent, none that is known predicts anything else.
  const usual = input === 'none' ? recipe.predictionType : 'epsilon'
  const diffusion = { ...(await ldmDiffusionConfig(index, sidecar, usual)), ...overrides.diffusion }
  const isPredictionTypeStated =
    !recipe.hasBothPredictionTypes ||
    overrides.diffusion?.predictionType !== undefined ||
    statedPredictionType(index, sidecar) !== null
  const latentSizePx = sidecar.latentSize && sidecar.latentSize * pixelsPerLatent(autoencoder.config)
  const nativeSizePx = recipe.nativeSizePx?.[diffusion.predictionType] ?? latentSizePx
  const name = modelName(path, 'single-file')
  const distilled = distillation({ name, metadata, isToldGuidance: unet.config.guidanceSize !== null })
  const defaults = fewSteps(family.defaults, diffusion, distilled)
  const facts = {
    path,
    name,
    familyName: family.name,
    layout: 'single-file',
    family,
    defaults: modelDefaults(defaults, distilled?.defaults.widthPx ?? nativeSizePx),
    input,
    hint: distilled?.hint ?? null,
    sizeBytes: index.sizeBytes,
  } as const
  return {
    checkpoint: { ...facts, unet, autoencoder, textEncoders, diffusion, isPredictionTypeStated },
    networks: [unet, autoencoder, ...textEncoders],
    faults: [],
    tensors: [...entries.values()],
    isIgnored: (name) => recipe.isIgnored(name),
  }
}

/** The networks of a file, each with its dimensions and its weights. */
function networksOf(index: TensorIndex, recipe: SingleFileRecipe, sidecar: Sidecar, overrides: CheckpointOverrides) {
  const { nameMaps } = recipe
  const configs = recipe.configs(index, sidecar)
  const unet = { ...configs.unet, ...overrides.unet }
  const autoencoder = { ...configs.autoencoder, ...overrides.autoencoder }
  const textEncoder = ({ config, nameMap, tokenizer }: LdmTextEncoder, place: number) => {
    const own = { ...config(index), ...overrides.textEncoders?.[place] }
    return { ...networkIn(index, textEncoderLabel(place), own, nameMap, textEncoderTensors(own)), tokenizer }
  }
  const [first, ...others] = recipe.textEncoders
  return {
    unet: networkIn(index, 'U-Net', unet, nameMaps.unet(unet), unetTensors(unet)),
    autoencoder: networkIn(
      index,
      'autoencoder',
      autoencoder,
      nameMaps.autoencoder(autoencoder),
      autoencoderTensors(autoencoder),
    ),
    textEncoders: [textEncoder(first, 0), ...others.map((other, i) => textEncoder(other, i + 1))] as const,
  }
}

/** ComfyUI's marks of models trained on continuous levels, as EDM and CosXL. */
const CONTINUOUS_LEVELS = ['edm_mean', 'edm_std', 'edm_vpred.sigma_max']

function recognise(index: TensorIndex): { family: ModelFamily; recipe: SingleFileRecipe } {
  const mark = CONTINUOUS_LEVELS.find((name) => index.entries.has(name))
  if (mark !== undefined) {
    const found = `expected a model trained on a table of timesteps, found one of continuous levels (${mark})`
    throw new StudioError('checkpoint-unsupported', `${index.file}: ${found}, which is not run yet`)
  }
  for (const family of FAMILIES) {
    if (family.singleFile?.detect(index)) return { family, recipe: family.singleFile }
  }
  const known = FAMILIES.flatMap(({ name, singleFile }) => (singleFile ? [name] : [])).join(' or ')
  const kind = looksLike(index.entries.keys())
  const some = [...index.entries.keys()].slice(0, 3).join(', ') || 'none'
  const found = kind ? `what looks like ${kind.what}, ${kind.verdict}` : `tensors of no known model: ${some}`
  throw new StudioError('checkpoint-unsupported', `${index.file}: expected a model of ${known}, found ${found}`)
}

function requireComponents({ file, entries }: TensorIndex, recipe: SingleFileRecipe): void {
  const names = [...entries.keys()]
  for (const { label, prefixes } of recipe.components) {
    if (names.some((name) => prefixes.some((prefix) => name.startsWith(prefix)))) continue
    const wanted = prefixes.map((prefix) => `${prefix}*`).join(' or ')
    throw new StudioError('checkpoint-unsupported', `${file}: expected the ${label}'s tensors (${wanted}), found none`)
  }
}
