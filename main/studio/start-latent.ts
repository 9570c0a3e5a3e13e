import { StudioError } from '../contract/failure.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { latentMask, maskedPicture } from '../image/mask.ts'
import { scaled, weightedSum } from '../tensor/arithmetic.ts'
import { concatChannels } from '../tensor/batch.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { readInput } from './input-picture.ts'
import type { InputPicture } from './input-picture.ts'
import type { LoadedModel } from './loaded-model.ts'

/** The draws of the autoencoder's samples of an input picture; far from those of the steps. */
const ENCODER_DRAW = 2 ** 32 - 1
const MASKED_ENCODER_DRAW = 2 ** 32 - 2

/** What a run starts from besides noise, and what its picture becomes in the end. */
export interface Start {
  /** The input picture's latent in the U-Net's scale; null for a run from noise alone. */
  readonly clean: Tensor | null
  /** [1, 1, h, w] of the cells that are repainted, where the denoising loop has to keep the others. */
  readonly mask: Tensor | null
  /** What is repainted starts from noise alone. */
  readonly isFilledWithNoise: boolean
  /** Channels that join the latent, of models that repaint or edit. */
  readonly channels: Tensor | null
  /** What was made, [1, 3, h, w]; laid into the input picture where a mask keeps some of it. */
  finish(made: Tensor): Promise<Tensor>
}

/** Whether a run encodes a picture. */
export function hasInput(model: LoadedModel, { request }: GenerationTask): boolean {
  return request.init !== null || model.networks.input !== 'none'
}

/** @throws StudioError invalid-request naming the field, not-found */
export async function startOf(model: LoadedModel, task: GenerationTask): Promise<Start> {
  const { init } = task.request
  const { input } = model.networks
  const found = init && (await readInput(task, init))
  const channels = await channelsBeside(model, task, found)
  const isFilledWithNoise = init?.mask?.fill === 'noise'
  // At full strength a run starts from noise alone. What a mask keeps, an inpainting network knows by itself.
  const needsLatent = (init?.strength ?? 1) < 1 || (input !== 'inpaint' && init?.mask !== undefined)
  const clean = found && needsLatent ? await sampled(model, task, found.picture, ENCODER_DRAW) : null
  const isKept = clean !== null && (input !== 'inpaint' || isFilledWithNoise)
  return {
    clean,
    mask: isKept && found?.mask ? latentMask(found.mask, model.latentFactor, 'any') : null,
    isFilledWithNoise,
    channels,
    finish: (made) => (found ? found.finish(made) : Promise.resolve(made)),
  }
}

/** What an inpainting or editing network is given beside the latent. */
async function channelsBeside(
  model: LoadedModel,
  task: GenerationTask,
  found: InputPicture | null,
): Promise<Tensor | null> {
  switch (model.networks.input) {
    case 'none':
      return null
    case 'inpaint':
      return found?.mask
        ? maskedChannels(
            model,
            task,
            maskedPicture(found.picture, found.mask),
            latentMask(found.mask, model.latentFactor, 'nearest'),
          )
        : maskedChannels(model, task, ...nothingKept(model, task))
    case 'instruct': {
      if (!found) {
        const expected = 'expected a picture, for this model edits one by the prompt, found none'
        throw new StudioError('invalid-request', expected, { field: 'init' })
      }
      // The likeliest latent, and without the scaling factor: so the original was trained.
      const { mean } = await (await model.encoder())(found.picture)
      return scaled(mean, 1 / model.networks.latent.scalingFactor)
    }
  }
}

/** The mask, then the latent of the picture without what it repaints, as the original has them. */
async function maskedChannels(
  model: LoadedModel,
  task: GenerationTask,
  picture: Tensor,
  mask: Tensor,
): Promise<Tensor> {
  return concatChannels(mask, await sampled(model, task, picture, MASKED_ENCODER_DRAW))
}

/** Without a picture or a mask all is repainted: a grey picture under a white mask. */
function nothingKept(model: LoadedModel, { request }: GenerationTask): [picture: Tensor, mask: Tensor] {
  const { heightPx, widthPx } = request
  const mask = tensor([1, 1, heightPx / model.latentFactor, widthPx / model.latentFactor])
  mask.data.fill(1)
  return [tensor([1, 3, heightPx, widthPx]), mask]
}

/** A picture's latent in the U-Net's scale: a sample of what the encoder says, as the originals draw it. */
async function sampled(
  model: LoadedModel,
  { request }: GenerationTask,
  picture: Tensor,
  draw: number,
): Promise<Tensor> {
  const { mean, deviation } = await (await model.encoder())(picture)
  const noise = gaussianNoise(request.seed, draw, mean.shape)
  const spread = tensor(
    mean.shape,
    noise.data.map((value, i) => value * (deviation.data[i] ?? 0)),
  )
  return weightedSum([1, mean], [1, spread])
}
