import { StudioError } from '../../contract/failure.ts'
import { modelDefaults } from '../card.ts'
import { modelName, pixelsPerLatent } from '../draft.ts'
import type { CheckpointOverrides, Draft } from '../draft.ts'
import { autoencoderTensors } from '../expected/autoencoder.ts'
import { textEncoderTensors } from '../expected/text-encoder.ts'
import { unetTensors } from '../expected/unet.ts'
import type { ModelFamily, SingleFileRecipe } from '../families/family.ts'
import { FAMILIES } from '../families/index.ts'
import { looksLike } from '../looks-like.ts'
import type { TensorIndex } from '../tensor-index.ts'
import { weightsOver } from '../weights.ts'
import { ldmDiffusionConfig } from './diffusion.ts'
import { readSidecar } from './sidecar.ts'

/**
 * A single-file checkpoint as its header, and a configuration beside it, describe it.
 * @throws StudioError checkpoint-unsupported
 */
export async function readSingleFile(index: TensorIndex, overrides: CheckpointOverrides): Promise<Draft> {
  const { file: path, entries } = index
  const { family, recipe } = recognise(index)
  requireComponents(index, recipe)

  const sidecar = await readSidecar(path)
  const configs = recipe.configs(index, sidecar)
  const unet = { ...configs.unet, ...overrides.unet }
  const autoencoder = { ...configs.autoencoder, ...overrides.autoencoder }
  const textEncoder = { ...configs.textEncoder, ...overrides.textEncoder }

  const { nameMaps } = recipe
  const expected = {
    unet: unetTensors(unet),
    autoencoder: autoencoderTensors(autoencoder),
    textEncoder: textEncoderTensors(textEncoder),
  }
  const weights = {
    unet: weightsOver({ path, entries, nameMap: nameMaps.unet(unet) }, expected.unet),
    autoencoder: weightsOver({ path, entries, nameMap: nameMaps.autoencoder(autoencoder) }, expected.autoencoder),
    textEncoder: weightsOver({ path, entries, nameMap: nameMaps.textEncoder(textEncoder) }, expected.textEncoder),
  }
  return {
    checkpoint: {
      path,
      name: modelName(path, 'single-file'),
      familyName: family.name,
      layout: 'single-file',
      family,
      unet: { config: unet, weights: weights.unet },
      autoencoder: { config: autoencoder, weights: weights.autoencoder },
      textEncoder: { config: textEncoder, weights: weights.textEncoder },
      diffusion: { ...(await ldmDiffusionConfig(index, sidecar)), ...overrides.diffusion },
      tokenizer: { kind: 'clip' },
      defaults: modelDefaults(family.defaults, sidecar.latentSize && sidecar.latentSize * pixelsPerLatent(autoencoder)),
      sizeBytes: index.sizeBytes,
    },
    networks: [
      { label: 'U-Net', path, weights: weights.unet, expected: expected.unet },
      { label: 'autoencoder', path, weights: weights.autoencoder, expected: expected.autoencoder },
      { label: 'text encoder', path, weights: weights.textEncoder, expected: expected.textEncoder },
    ],
    faults: [],
    tensors: [...entries.values()],
    isIgnored: (name) => recipe.isIgnored(name),
  }
}

function recognise(index: TensorIndex): { family: ModelFamily; recipe: SingleFileRecipe } {
  for (const family of FAMILIES) {
    if (family.singleFile?.detect(index)) return { family, recipe: family.singleFile }
  }
  const known = FAMILIES.flatMap(({ name, singleFile }) => (singleFile ? [name] : [])).join(' or ')
  const kind = looksLike(index.entries.keys())
  const some = [...index.entries.keys()].slice(0, 3).join(', ') || 'none'
  const found = kind ? `what looks like ${kind.what}, which is not run yet` : `tensors of no known model: ${some}`
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
