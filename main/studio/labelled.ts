import type { LabelConfig } from '../checkpoint/checkpoint.ts'
import { StudioError } from '../contract/failure.ts'
import type { GenerationTask } from '../contract/studio.ts'
import type { Predict } from '../diffusion/denoise.ts'
import { classifierFree, unguided } from '../diffusion/guidance-kinds.ts'
import { guided } from '../diffusion/guidance.ts'
import type { Conditioning } from '../diffusion/guidance.ts'
import { tensor } from '../tensor/tensor.ts'
import type { LoadedModel } from './loaded-model.ts'

/** What a network is told that is told nothing: no tokens. */
const NOTHING: Conditioning = { context: tensor([1, 0, 0]), vector: null }

/**
 * The U-Net of a model that hears no words: with the class that the prompt names, away from that of the negative prompt or
 * from no class; or with nothing, whatever the prompts say.
 * @throws StudioError invalid-request for a prompt that names no class
 */
export async function labelledNetwork(
  model: LoadedModel,
  { request, batchGuidance }: Pick<GenerationTask, 'request' | 'batchGuidance'>,
  classes: LabelConfig | 'nothing',
): Promise<Predict> {
  const network = await model.unet()
  if (classes === 'nothing') return guided(network, () => unguided(NOTHING), { isBatched: false })
  const { prompt, negativePrompt, guidanceScale: scale } = request
  const told = await model.classConditioning(classNumber(prompt, classes, 'prompt'))
  const away = negativePrompt.trim() === '' ? classes.nullClass : classNumber(negativePrompt, classes, 'negativePrompt')
  if (scale === 1) return guided(network, () => unguided(told), { isBatched: false })
  if (away === null) {
    const found = `expected a guidance scale of 1 for a model without an entry for no class, found ${scale}`
    throw new StudioError('invalid-request', found, { field: 'guidanceScale' })
  }
  const unconditional = await model.classConditioning(away)
  const guidance = classifierFree({ prompts: [{ told, weight: 1 }], unconditional, scale })
  return guided(network, () => guidance, { isBatched: batchGuidance })
}

/** "207" or "class 207". @throws StudioError invalid-request, naming the field */
export function classNumber(text: string, { classCount }: LabelConfig, field: string): number {
  const digits = /^(?:class\s+)?(\d{1,6})$/i.exec(text.trim())?.[1]
  const number = digits === undefined ? NaN : Number(digits)
  if (number < classCount) return number
  const found = `expected a class from 0 to ${classCount - 1}, as "class 207", found "${text.trim().slice(0, 80)}"`
  throw new StudioError('invalid-request', found, { field })
}
