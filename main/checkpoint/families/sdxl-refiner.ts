import { isTrainingRemnant } from '../ldm/ignored.ts'
import { LDM_AUTOENCODER, LDM_UNET } from '../ldm/names.ts'
import { openClip } from '../ldm/text-encoders.ts'
import type { ModelFamily } from './family.ts'
import { sdxl } from './sdxl.ts'

const TEXT_ENCODER = 'conditioner.embedders.0.model.'

/**
 * The refiner of Stable Diffusion XL, trained on the last fifth of the noise levels: OpenCLIP's penultimate layer alone is the
 * context, and an aesthetic score takes the place of the target's size. Podell et al. 2023 (arXiv 2307.01952), section 2.5.
 */
export const sdxlRefiner: ModelFamily = {
  ...sdxl,
  id: 'sdxl-refiner',
  name: 'Stable Diffusion XL refiner',
  diffusers: {
    pipelines: ['StableDiffusionXLImg2ImgPipeline', 'StableDiffusionXLPipeline'],
    textEncoders: [
      {
        folder: 'text_encoder_2',
        tokenizer: 'tokenizer_2',
        className: 'CLIPTextModelWithProjection',
        context: { skippedLayers: 1, isContextNormed: false },
      },
    ],
    detect: (unet, has) => unet.vector !== null && !has('text_encoder'),
  },
  singleFile: sdxl.singleFile && {
    ...sdxl.singleFile,
    detect: ({ entries }) =>
      entries.has(`${LDM_UNET}label_emb.0.0.weight`) &&
      [...entries.keys()].some((name) => name.startsWith(TEXT_ENCODER)),
    components: [
      { label: 'U-Net', prefixes: [LDM_UNET] },
      { label: 'autoencoder', prefixes: [`${LDM_AUTOENCODER}encoder.`] },
      { label: 'text encoder', prefixes: [TEXT_ENCODER] },
    ],
    textEncoders: [openClip(TEXT_ENCODER, { isPenultimate: true, isContextNormed: false })],
    isIgnored: (name) => isTrainingRemnant(name) || name.startsWith(`${TEXT_ENCODER}visual.`),
  },
}
