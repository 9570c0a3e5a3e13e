import { StudioError } from '../../contract/failure.ts'
import type { ClipTextConfig } from '../config.ts'
import { ldmAutoencoderConfig, ldmUnetConfig } from '../ldm/dimensions.ts'
import { isTrainingRemnant } from '../ldm/ignored.ts'
import { LDM_AUTOENCODER, LDM_UNET, ldmAutoencoderNames, ldmUnetNames } from '../ldm/names.ts'
import type { TensorIndex } from '../tensor-index.ts'
import type { NameMap } from '../weights.ts'
import type { ModelFamily } from './family.ts'

const TEXT_ENCODER = 'cond_stage_model.transformer.'

/** Stable Diffusion 1.x: one CLIP text encoder, whose last hidden state is the context; 1x1 convolutions around attention. */
export const sd1: ModelFamily = {
  id: 'sd1',
  name: 'Stable Diffusion 1',
  defaults: { widthPx: 512, heightPx: 512, steps: 25, guidanceScale: 7.5, sampler: 'dpmpp-2m', schedule: 'karras' },
  diffusers: {
    pipelines: ['StableDiffusionPipeline', 'StableDiffusionImg2ImgPipeline'],
    detect: (unet) => !unet.hasLinearProjections,
  },
  singleFile: {
    detect: ({ entries }) =>
      entries.has(`${LDM_UNET}input_blocks.0.0.weight`) &&
      entries.get(`${LDM_UNET}middle_block.1.proj_in.weight`)?.shape.length === 4 &&
      !entries.has(`${LDM_UNET}label_emb.0.0.weight`),
    components: [
      { label: 'U-Net', prefixes: [LDM_UNET] },
      { label: 'autoencoder', prefixes: [`${LDM_AUTOENCODER}encoder.`] },
      { label: 'text encoder', prefixes: [TEXT_ENCODER] },
    ],
    configs: (index, sidecar) => ({
      unet: ldmUnetConfig(
        index,
        sidecar.headWidth === null ? { count: sidecar.headCount ?? 8 } : { width: sidecar.headWidth },
      ),
      autoencoder: ldmAutoencoderConfig(index, sidecar.scaleFactor ?? 0.18215),
      textEncoder: clipConfig(index),
    }),
    nameMaps: { unet: ldmUnetNames, autoencoder: ldmAutoencoderNames, textEncoder: () => textEncoderNames },
    isIgnored: (name) =>
      isTrainingRemnant(name) ||
      /^cond_stage_model\.transformer\.(?:vision_model|visual_projection|text_projection)\./.test(name),
  },
}

/** Some merges lost the `text_model.` part. */
const textEncoderNames: NameMap = (name) => [TEXT_ENCODER + name, TEXT_ENCODER + name.replace(/^text_model\./, '')]

function clipConfig({ file, entries }: TensorIndex): ClipTextConfig {
  const find = (name: string) =>
    textEncoderNames(`text_model.${name}`)
      .map((stored) => entries.get(stored))
      .find(Boolean)
  const shape = (name: string): readonly number[] => {
    const entry = find(name)
    if (entry) return entry.shape
    const [stored = name] = textEncoderNames(`text_model.${name}`)
    throw new StudioError('checkpoint-unsupported', `${file}: expected tensor ${stored}, found none`)
  }
  const [vocabularySize = 0, hiddenSize = 0] = shape('embeddings.token_embedding.weight')
  let layerCount = 0
  while (find(`encoder.layers.${layerCount}.layer_norm1.weight`)) layerCount++
  return {
    vocabularySize,
    hiddenSize,
    intermediateSize: shape('encoder.layers.0.mlp.fc1.weight')[0] ?? 0,
    layerCount,
    headCount: clipHeads(hiddenSize),
    contextLength: shape('embeddings.position_embedding.weight')[0] ?? 0,
    activation: 'quick_gelu',
    normEps: 1e-5,
  }
}

/** Tensors cannot tell the heads: every CLIP has them 64 wide. A model thinner than that is a test's, with heads 8 wide. */
function clipHeads(hiddenSize: number): number {
  return Math.max(1, Math.floor(hiddenSize % 64 === 0 ? hiddenSize / 64 : hiddenSize / 8))
}
