import { ldmAutoencoderConfig, ldmUnetConfig, splitHeads } from '../ldm/dimensions.ts'
import { isTrainingRemnant } from '../ldm/ignored.ts'
import { LDM_AUTOENCODER, LDM_UNET, ldmAutoencoderNames, ldmUnetNames } from '../ldm/names.ts'
import { openClip, transformersClip } from '../ldm/text-encoders.ts'
import type { ModelFamily } from './family.ts'
import { SDXL_LATENT_COLOURS } from './latent-colours.ts'

const FIRST_ENCODER = 'conditioner.embedders.0.transformer.'
const SECOND_ENCODER = 'conditioner.embedders.1.model.'
const WITHOUT_NORM = { skippedLayers: 1, isContextNormed: false } as const

/**
 * Stable Diffusion XL: the context is the penultimate layers of CLIP and OpenCLIP side by side, not normed; OpenCLIP's
 * pooled vector and the picture's sizes join the time embedding. Podell et al. 2023 (arXiv 2307.01952).
 */
export const sdxl: ModelFamily = {
  id: 'sdxl',
  name: 'Stable Diffusion XL',
  defaults: { widthPx: 1024, heightPx: 1024, steps: 30, guidanceScale: 5, sampler: 'dpmpp-2m', schedule: 'karras' },
  latentColours: SDXL_LATENT_COLOURS,
  diffusers: {
    pipelines: [
      'StableDiffusionXLPipeline',
      'StableDiffusionXLImg2ImgPipeline',
      'StableDiffusionXLInpaintPipeline',
      'StableDiffusionXLInstructPix2PixPipeline',
    ],
    textEncoders: [
      { folder: 'text_encoder', tokenizer: 'tokenizer', className: 'CLIPTextModel', context: WITHOUT_NORM },
      {
        folder: 'text_encoder_2',
        tokenizer: 'tokenizer_2',
        className: 'CLIPTextModelWithProjection',
        context: WITHOUT_NORM,
      },
    ],
    detect: (unet, has) => unet.vector !== null && has('text_encoder'),
  },
  singleFile: {
    detect: ({ entries }) =>
      entries.has(`${LDM_UNET}label_emb.0.0.weight`) &&
      [...entries.keys()].some((name) => name.startsWith(FIRST_ENCODER) || name.startsWith(SECOND_ENCODER)),
    components: [
      { label: 'U-Net', prefixes: [LDM_UNET] },
      { label: 'autoencoder', prefixes: [`${LDM_AUTOENCODER}encoder.`] },
      { label: 'text encoder', prefixes: [FIRST_ENCODER] },
      { label: 'second text encoder', prefixes: [SECOND_ENCODER] },
    ],
    configs: (index, sidecar) => ({
      unet: ldmUnetConfig(index, splitHeads(sidecar, { width: 64 })),
      autoencoder: ldmAutoencoderConfig(index, sidecar.scaleFactor ?? 0.13025),
    }),
    nameMaps: { unet: ldmUnetNames, autoencoder: ldmAutoencoderNames },
    textEncoders: [
      transformersClip(FIRST_ENCODER, { isPenultimate: true, isContextNormed: false }),
      openClip(SECOND_ENCODER, { isPenultimate: true, isContextNormed: false }),
    ],
    predictionType: 'epsilon',
    hasBothPredictionTypes: false,
    nativeSizePx: null,
    isIgnored: (name) => isTrainingRemnant(name) || name.startsWith('conditioner.embedders.1.model.visual.'),
  },
}
