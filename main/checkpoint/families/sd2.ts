import type { ModelFamily } from './family.ts'

/**
 * Stable Diffusion 2.x: linear layers around attention, heads of a fixed width. In diffusers' layout the text encoder is
 * stored without its last layer, so the last hidden state is the context as in SD 1.
 */
export const sd2: ModelFamily = {
  id: 'sd2',
  name: 'Stable Diffusion 2',
  defaults: { widthPx: 768, heightPx: 768, steps: 25, guidanceScale: 7.5, sampler: 'dpmpp-2m', schedule: 'karras' },
  diffusers: {
    pipelines: ['StableDiffusionPipeline', 'StableDiffusionImg2ImgPipeline'],
    detect: (unet) => unet.hasLinearProjections,
  },
  singleFile: null,
}
