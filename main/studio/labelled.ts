import type { LabelConfig } from '../checkpoint/checkpoint.ts'
import { StudioError } from '../contract/failure.ts'
import type { Logger } from '../contract/failure.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import type { GenerationTask } from '../contract/studio.ts'
import type { Predict } from '../diffusion/denoise.ts'
import { classifierFree, unguided } from '../diffusion/guidance-kinds.ts'
import { guided } from '../diffusion/guidance.ts'
import type { Conditioning } from '../diffusion/guidance.ts'
import { tensor } from '../tensor/tensor.ts'
import { classesLike, classesNamed } from '../text/class-names.ts'
import type { ClassNames } from '../text/class-names.ts'
import { classNames } from './class-names.ts'
import type { LoadedModel } from './loaded-model.ts'

/** That an error names, of those that a prompt may mean. */
const NEAR_CLASSES = 5

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
  const names = await classNames(classes, model.options.vocabulariesFolder)
  const numberOf = (text: string, field: string) => classNumber(text, classes, { field, names })
  const told = await model.classConditioning(numberOf(prompt, 'prompt'))
  const away = negativePrompt.trim() === '' ? classes.nullClass : numberOf(negativePrompt, 'negativePrompt')
  if (scale === 1) return guided(network, () => unguided(told), { isBatched: false })
  if (away === null) {
    const found = `expected a guidance scale of 1 for a model without an entry for no class, found ${scale}`
    throw new StudioError('invalid-request', found, { field: 'guidanceScale' })
  }
  const unconditional = await model.classConditioning(away)
  const guidance = classifierFree({ prompts: [{ told, weight: 1 }], unconditional, scale })
  return guided(network, () => guidance, { isBatched: batchGuidance })
}

/** Warns where prompts are given to a model that makes one kind of picture whatever they say. */
export function tellUnheard(
  { networks, facts }: Pick<LoadedModel, 'networks' | 'facts'>,
  { prompt, negativePrompt }: Pick<GenerationRequest, 'prompt' | 'negativePrompt'>,
  logger: Logger,
): void {
  if (networks.told !== 'nothing' || `${prompt}${negativePrompt}`.trim() === '') return
  logger.warn(`The prompt was not heeded: ${facts.name} makes one kind of picture and takes no words.`)
}

/** "207", "class 207" or, where the classes' names are known, one of them. @throws StudioError invalid-request, naming the field */
export function classNumber(
  text: string,
  { classCount }: Pick<LabelConfig, 'classCount'>,
  { field, names }: { readonly field: string; readonly names: ClassNames | null },
): number {
  const digits = /^(?:class\s+)?(\d{1,6})$/i.exec(text.trim())?.[1]
  const number = digits === undefined ? NaN : Number(digits)
  if (number < classCount) return number
  const named = names === null || digits !== undefined ? [] : classesNamed(text, names)
  const [only, ...others] = named
  if (only !== undefined && others.length === 0) return only
  const shown = text.trim().slice(0, 80)
  const near = named.length > 0 || names === null ? named : classesLike(text, names, NEAR_CLASSES)
  const choice = near.map((i) => `${i} (${names?.[i]?.join(', ') ?? ''})`).join('; ')
  const expected = `expected a class from 0 to ${classCount - 1}, as "class 207"${names === null ? '' : ' or "golden retriever"'}`
  const found = `${expected}, found "${shown}"${choice === '' ? '' : `, which may be ${choice}`}`
  throw new StudioError('invalid-request', found, { field })
}
