import type { GenerationTask } from '../contract/studio.ts'
import type { Predict } from '../diffusion/denoise.ts'
import { guided } from '../diffusion/guidance.ts'
import { encodePair, encodePrompt } from '../text/conditioning.ts'
import type { EncodedPrompt } from '../text/conditioning.ts'
import type { LoadedModel } from './loaded-model.ts'
import { wholePicture } from './size-conditioning.ts'

/** The U-Net with its prompts: guided where the scale asks for it. */
export async function promptedNetwork(
  model: LoadedModel,
  { request, batchGuidance }: GenerationTask,
): Promise<Predict> {
  const network = await model.unet()
  const encoders = await model.promptEncoders()
  const { prompt, negativePrompt, guidanceScale, heightPx, widthPx } = request
  const told = (encoded: EncodedPrompt) => model.conditioning(encoded, wholePicture(heightPx, widthPx))
  if (guidanceScale === 1) {
    return guided(network, told(await encodePrompt(encoders, prompt)), null, 1, { isBatched: false })
  }
  const { conditioning, unconditional } = await encodePair(encoders, prompt, negativePrompt)
  return guided(network, told(conditioning), told(unconditional), guidanceScale, { isBatched: batchGuidance })
}
