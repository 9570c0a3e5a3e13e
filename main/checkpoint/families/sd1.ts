import { ldmAutoencoderConfig, ldmUnetConfig, splitHeads } from '../ldm/dimensions.ts'
import { isTrainingRemnant } from '../ldm/ignored.ts'
import { LDM_AUTOENCODER, LDM_UNET, ldmAutoencoderNames, ldmUnetNames } from '../ldm/names.ts'
import { transformersClip } from '../ldm/text-encoders.ts'
import type { ModelFamily } from './family.ts'
import { SD_LATENT_COLOURS } from './latent-colours.ts'

const TEXT_ENCODER = 'cond_stage_model.transformer.'

/** Stable Diffusion 1.x: one CLIP text encoder, whose last hidden state is the context; 1x1 convolutions around attention. */
export const sd1: ModelFamily = {
  id: 'sd1',
  name: 'Stable Diffusion 1',
  defaults: { widthPx: 512, heightPx: 512, steps: 25, guidanceScale: 7.5, sampler: 'dpmpp-2m', schedule: 'karras' },
  latentColours: SD_LATENT_COLOURS,
  diffusers: {
    pipelines: [
      'StableDiffusionPipeline',
      'StableDiffusionImg2ImgPipeline',
      'StableDiffusionInpaintPipeline',
      'StableDiffusionInstructPix2PixPipeline',
      'StableDiffusionControlNetPipeline',
      'LatentConsistencyModelPipeline',
      'LatentConsistencyModelImg2ImgPipeline',
    ],
    textEncoders: [{ folder: 'text_encoder', tokenizer: 'tokenizer', className: 'CLIPTextModel', context: {} }],
    detect: (unet) => !unet.hasLinearProjections && unet.vector === null,
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
      unet: ldmUnetConfig(index, splitHeads(sidecar, { count: 8 })),
      autoencoder: ldmAutoencoderConfig(index, sidecar.scaleFactor ?? 0.18215),
    }),
    nameMaps: { unet: ldmUnetNames, autoencoder: ldmAutoencoderNames },
    textEncoders: [transformersClip(TEXT_ENCODER, { isPenultimate: false, isContextNormed: true })],
    predictionType: 'epsilon',
    hasBothPredictionTypes: false,
    nativeSizePx: null,
    isIgnored: (name) =>
      isTrainingRemnant(name) ||
      /^cond_stage_model\.transformer\.(?:vision_model|visual_projection|text_projection)\./.test(name),
  },
}
