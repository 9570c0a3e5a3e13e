import { StudioError } from '../../contract/failure.ts'
import { modelDefaults } from '../card.ts'
import type { FamilyTraits, LabelCheckpoint, LabelConfig } from '../checkpoint.ts'
import type { DiffusionConfig } from '../config.ts'
import { modelName, networkIn, pixelsPerLatent } from '../draft.ts'
import type { Draft } from '../draft.ts'
import { autoencoderTensors } from '../expected/autoencoder.ts'
import { unetTensors } from '../expected/unet.ts'
import { ldmDiffusionConfig } from '../ldm/diffusion.ts'
import { ldmAutoencoderConfig, ldmUnetConfig, splitHeads } from '../ldm/dimensions.ts'
import { isTrainingRemnant } from '../ldm/ignored.ts'
import { LDM_UNET, ldmAutoencoderNames, ldmUnetNames } from '../ldm/names.ts'
import { averagedFirst, plainUnetConfig, plainUnetNames, plainUnetTensors } from '../ldm/plain-unet.ts'
import { readSidecar } from '../ldm/sidecar.ts'
import type { Sidecar } from '../ldm/sidecar.ts'
import { readTensor } from '../safetensors.ts'
import type { TensorIndex } from '../tensor-index.ts'
import type { NameMap, StoredName } from '../weights.ts'

const CLASS_TABLE = 'cond_stage_model.embedding.weight'
/** Where a plain U-Net has attention: one convolution for query, key and value. */
const PLAIN_MIDDLE = `${LDM_UNET}middle_block.1.qkv.weight`
/** ImageNet's, after whose classes the published models have one more for none. */
const IMAGENET_CLASSES = 1000
const NATIVE_SIZE_PX = 256

/** The models of the latent diffusion paper that hear no words: of ImageNet's classes, or of one kind of picture alone. */
export const ldm: FamilyTraits = {
  id: 'ldm',
  name: 'Latent diffusion',
  defaults: { widthPx: 256, heightPx: 256, steps: 50, guidanceScale: 3, sampler: 'ddim', schedule: 'normal' },
  // A latent of these autoencoders looks like its picture: no one has measured it closer.
  latentColours: [
    [0.4, 0, 0],
    [0, 0.4, 0],
    [0, 0, 0.4],
  ],
}

/**
 * Whether a single file is such a model.
 * @throws StudioError checkpoint-unsupported for the paper's text-to-image model, which is another
 */
export function isLabelled({ file, entries }: TensorIndex): boolean {
  if (entries.has('cond_stage_model.transformer.token_emb.weight')) {
    const found = "found the latent diffusion paper's text-to-image model, whose BERT text encoder is not run yet"
    throw new StudioError('checkpoint-unsupported', `${file}: expected a model with a CLIP text encoder, ${found}`)
  }
  return entries.has(CLASS_TABLE) || entries.has(PLAIN_MIDDLE)
}

/**
 * Such a model as its header, and a configuration beside it, describe it.
 * @throws StudioError checkpoint-unsupported
 */
export async function readLabelDraft(index: TensorIndex): Promise<Draft<LabelCheckpoint>> {
  const sidecar = await readSidecar(index.file)
  const autoencoderConfig = ldmAutoencoderConfig(index, sidecar.scaleFactor ?? (await storedScale(index)))
  const autoencoder = networkIn(
    index,
    'autoencoder',
    autoencoderConfig,
    ldmAutoencoderNames(autoencoderConfig),
    autoencoderTensors(autoencoderConfig),
  )
  const labelConfig = labelsOf(index)
  const facts = await factsOf(index, sidecar, pixelsPerLatent(autoencoderConfig), labelConfig)
  const draft = { faults: [], tensors: [...index.entries.values()], isIgnored: isTrainingRemnant }

  if (labelConfig === null) {
    const config = plainUnetConfig(index, splitHeads(sidecar, plainHeads(index)))
    const unet = networkIn(index, 'U-Net', config, plainUnetNames, plainUnetTensors(config))
    return { ...draft, checkpoint: { ...facts, autoencoder, labels: null, unet }, networks: [unet, autoencoder] }
  }
  const config = ldmUnetConfig(index, splitHeads(sidecar, classHeads(autoencoderConfig.latentChannels)))
  const names = ldmUnetNames(config)
  const averaged: NameMap = (name) =>
    names(name).flatMap((stored): readonly StoredName[] =>
      typeof stored === 'string' ? averagedFirst(stored) : [stored],
    )
  const unet = networkIn(index, 'U-Net', config, averaged, unetTensors(config))
  const table = new Map([
    ['weight', [labelConfig.classCount + (labelConfig.nullClass === null ? 0 : 1), labelConfig.width]],
  ])
  const labels = networkIn(index, 'class table', labelConfig, () => [CLASS_TABLE], table)
  return { ...draft, checkpoint: { ...facts, autoencoder, labels, unet }, networks: [unet, autoencoder, labels] }
}

/** Sentences about networks that do not fit each other; none for a sound model. */
export function labelIncoherences({ unet, autoencoder, labels }: LabelCheckpoint): string[] {
  const { inChannels, outChannels } = unet.config
  const { latentChannels } = autoencoder.config
  const isPlain = inChannels === latentChannels && outChannels === latentChannels
  const width = 'crossAttentionDim' in unet.config ? unet.config.crossAttentionDim : null
  return [
    ...(isPlain
      ? []
      : [
          `the U-Net's input and output channels: expected ${latentChannels}, as the latent has, found ${inChannels} and ${outChannels} (a model told by pictures or maps, which is not run)`,
        ]),
    ...(labels === null || width === labels.config.width
      ? []
      : [`the class table's width: expected ${width ?? 0}, as the U-Net attends to, found ${labels.config.width}`]),
  ]
}

/** The published U-Nets with scaling norms (of churches) have 8 heads, the others heads 32 wide. */
function plainHeads({ entries }: TensorIndex): { count: number } | { width: number } {
  const told = entries.get(`${LDM_UNET}middle_block.0.emb_layers.1.weight`)?.shape[0] ?? 0
  const channels = entries.get(`${LDM_UNET}middle_block.0.out_layers.3.weight`)?.shape[0] ?? 0
  return told === 2 * channels ? { count: 8 } : { width: 32 }
}

/** That of the published classes' model with a latent of three channels is one; the paper's other one has heads 32 wide. */
function classHeads(latentChannels: number): { count: number } | { width: number } {
  return latentChannels === 3 ? { count: 1 } : { width: 32 }
}

function labelsOf({ entries }: TensorIndex): LabelConfig | null {
  const [count = 0, width = 0] = entries.get(CLASS_TABLE)?.shape ?? []
  if (count === 0) return null
  // One entry more than classes stands for none: the last. A table of exactly ImageNet's classes has no such entry.
  const nullClass = count === IMAGENET_CLASSES ? null : count - 1
  return { classCount: nullClass ?? count, nullClass, width }
}

/** What the original measured in training and keeps with the weights. */
async function storedScale({ entries }: TensorIndex): Promise<number> {
  const stored = entries.get('scale_factor')
  const isNumber = stored && (stored.dtype === 'F32' || stored.dtype === 'F64') && stored.sizeBytes <= 8
  const value = isNumber ? (await readTensor(stored)).data[0] : undefined
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : 1
}

async function factsOf(index: TensorIndex, sidecar: Sidecar, factor: number, labels: LabelConfig | null) {
  const nativeSizePx = sidecar.latentSize === null ? NATIVE_SIZE_PX : sidecar.latentSize * factor
  const guidanceScale = labels === null || labels.nullClass === null ? 1 : ldm.defaults.guidanceScale
  return {
    path: index.file,
    name: modelName(index.file, 'single-file'),
    familyName: ldm.name,
    layout: 'single-file',
    family: ldm,
    diffusion: await diffusionOf(index, sidecar),
    isPredictionTypeStated: true,
    defaults: { ...modelDefaults(ldm.defaults, nativeSizePx), guidanceScale },
    input: 'none',
    hint: null,
    sizeBytes: index.sizeBytes,
  } as const
}

/** Where neither the file nor a configuration beside it has the noise levels they are those of the published configurations. */
async function diffusionOf(index: TensorIndex, sidecar: Sidecar): Promise<DiffusionConfig> {
  const usual = { ...sidecar, betaStart: sidecar.betaStart ?? 0.0015, betaEnd: sidecar.betaEnd ?? 0.0195 }
  return ldmDiffusionConfig(index, usual, 'epsilon')
}
