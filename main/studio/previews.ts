import { previewDataUrl } from '../image/picture.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { LoadedModel } from './loaded-model.ts'
import { halved, roughPicture } from './preview.ts'

/** Draws what a latent on its way will be: a small PNG as a data URL. */
export type DrawPreview = (denoised: Tensor) => Promise<string>

/** Autoencoders up to this many bytes of weights are quick enough to decode after every step. */
const SMALL_DECODER_BYTES = 16e6

/**
 * Previews for a model. A small autoencoder decodes the latent at half its size, which costs a quarter and looks the same
 * while a picture forms; else each cell of the latent is a pixel.
 */
export async function previewsOf(model: LoadedModel): Promise<DrawPreview> {
  const { family } = model.facts
  if (model.networks.weightBytes.autoencoder > SMALL_DECODER_BYTES) {
    return (denoised) => Promise.resolve(previewDataUrl(roughPicture(denoised, family.latentColours)))
  }
  const decode = await model.decoder()
  return async (denoised) => previewDataUrl(await decode(halved(denoised)))
}
