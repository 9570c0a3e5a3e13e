import type { InitImage } from '../contract/generation.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { pictureTensor } from '../image/picture.ts'
import { weightedSum } from '../tensor/arithmetic.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { inputPath } from './task-paths.ts'
import type { LoadedModel } from './loaded-model.ts'

/** The draw of the autoencoder's sample of an input picture; far from those of the steps. */
const ENCODER_DRAW = 2 ** 32 - 1

/** The input picture's latent in the U-Net's scale: a sample of what the encoder says, as the originals draw it. */
export async function encodeInput(model: LoadedModel, task: GenerationTask, init: InitImage): Promise<Tensor> {
  const { widthPx, heightPx, seed } = task.request
  const image = await pictureTensor(inputPath(task, init.id), { widthPx, heightPx, fit: init.fit })
  const { mean, deviation } = await (await model.encoder())(image)
  const noise = gaussianNoise(seed, ENCODER_DRAW, mean.shape)
  const spread = tensor(
    mean.shape,
    noise.data.map((value, i) => value * (deviation.data[i] ?? 0)),
  )
  return weightedSum([1, mean], [1, spread])
}
