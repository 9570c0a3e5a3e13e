import { performance } from 'node:perf_hooks'
import { previewDataUrl } from '../image/picture.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { LoadedModel } from './loaded-model.ts'
import { PreviewBudget, roughPicture } from './preview.ts'

type DrawPicture = (denoised: Tensor) => Promise<Tensor> | Tensor

/** Autoencoders up to this many bytes of weights are quick enough to decode while a picture forms. */
const SMALL_DECODER_BYTES = 16e6
const SHARE_OF_TIME = 0.2

/** Pictures of the latent on its way: decoded where the autoencoder is small, else a pixel a cell. */
export class Previews {
  readonly #picture: DrawPicture
  readonly #onPreview: (step: number, dataUrl: string) => void
  readonly #budget = new PreviewBudget(SHARE_OF_TIME)

  private constructor(picture: DrawPicture, onPreview: (step: number, dataUrl: string) => void) {
    this.#picture = picture
    this.#onPreview = onPreview
  }

  static async of(model: LoadedModel, onPreview: (step: number, dataUrl: string) => void): Promise<Previews> {
    const { weights } = model.checkpoint.autoencoder
    const sizeBytes = weights.names.reduce((sum, name) => sum + weights.require(name).sizeBytes, 0)
    return new Previews(sizeBytes <= SMALL_DECODER_BYTES ? await model.decoder() : roughPicture, onPreview)
  }

  async show(step: number, denoised: Tensor): Promise<void> {
    const start = performance.now()
    if (!this.#budget.allows(start)) return
    this.#onPreview(step, previewDataUrl(await this.#picture(denoised)))
    this.#budget.spent(start, performance.now())
  }
}
