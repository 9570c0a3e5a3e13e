import { ldmAutoencoderConfig, ldmUnetConfig, splitHeads } from '../ldm/dimensions.ts'
import { isTrainingRemnant } from '../ldm/ignored.ts'
import { LDM_AUTOENCODER, LDM_UNET, ldmAutoencoderNames, ldmUnetNames } from '../ldm/names.ts'
import { openClip } from '../ldm/text-encoders.ts'
import type { ModelFamily } from './family.ts'
import { SD_LATENT_COLOURS } from './latent-colours.ts'
import { sd1 } from './sd1.ts'

const TEXT_ENCODER = 'cond_stage_model.model.'

/**
 * Stable Diffusion 2.x: OpenCLIP's penultimate layer, normed, is the context; linear layers around attention, heads 64
 * wide. The 768 models predict v, the base models and those for inpainting epsilon. In diffusers' layout the text encoder
 * is stored without its last layer, so the last hidden state is the context as in SD 1.
 */
export const sd2: ModelFamily = {
  id: 'sd2',
  name: 'Stable Diffusion 2',
  defaults: { widthPx: 768, heightPx: 768, steps: 25, guidanceScale: 7.5, sampler: 'dpmpp-2m', schedule: 'karras' },
  latentColours: SD_LATENT_COLOURS,
  diffusers: sd1.diffusers && {
    ...sd1.diffusers,
    detect: (unet) => unet.hasLinearProjections && unet.vector === null,
  },
  singleFile: {
    detect: ({ entries }) =>
      entries.has(`${LDM_UNET}input_blocks.0.0.weight`) &&
      entries.get(`${LDM_UNET}middle_block.1.proj_in.weight`)?.shape.length === 2 &&
      !entries.has(`${LDM_UNET}label_emb.0.0.weight`),
    components: [
      { label: 'U-Net', prefixes: [LDM_UNET] },
      { label: 'autoencoder', prefixes: [`${LDM_AUTOENCODER}encoder.`] },
      { label: 'text encoder', prefixes: [TEXT_ENCODER] },
    ],
    configs: (index, sidecar) => ({
      unet: ldmUnetConfig(index, splitHeads(sidecar, { width: 64 })),
      autoencoder: ldmAutoencoderConfig(index, sidecar.scaleFactor ?? 0.18215),
    }),
    nameMaps: { unet: ldmUnetNames, autoencoder: ldmAutoencoderNames },
    textEncoders: [openClip(TEXT_ENCODER, { isPenultimate: true, isContextNormed: true })],
    predictionType: 'v',
    hasBothPredictionTypes: true,
    // The configurations of the 768 models give the latent's size of the base models.
    nativeSizePx: { epsilon: 512, v: 768 },
    isIgnored: (name) => isTrainingRemnant(name) || name.startsWith('cond_stage_model.model.visual.'),
  },
}
