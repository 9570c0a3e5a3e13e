import type { GenerationTask } from '../contract/studio.ts'
import type { GuidanceOptions } from '../contract/generation.ts'
import type { Moment, Predict } from '../diffusion/denoise.ts'
import { classifierFree, unguided } from '../diffusion/guidance-kinds.ts'
import type { WeightedConditioning } from '../diffusion/guidance-kinds.ts'
import { guided } from '../diffusion/guidance.ts'
import type { Conditioning, Guidance } from '../diffusion/guidance.ts'
import { encodePrompts } from '../text/conditioning.ts'
import { composedPrompts } from '../text/prompt/composition.ts'
import { promptStages } from '../text/prompt/schedule.ts'
import type { PromptStage } from '../text/prompt/schedule.ts'
import { promptStyles } from '../text/prompt/styles.ts'
import type { LoadedModel } from './loaded-model.ts'
import { wholePicture } from './size-conditioning.ts'

/** A prompt of those that act at once, at each step. */
interface StagedPrompt {
  readonly weight: number
  readonly stages: readonly PromptStage[]
}

/**
 * The U-Net with its prompts, as they are at each of `steps`: guided where the scale asks for it.
 * @throws StudioError invalid-request for a prompt that its style cannot read
 */
export async function promptedNetwork(
  model: LoadedModel,
  { request, batchGuidance }: GenerationTask,
  steps: number,
): Promise<Predict> {
  const network = await model.unet()
  const { prompt, negativePrompt, guidanceScale, promptStyle = 'plain', guidance = {} } = request
  const { hasStages } = promptStyles[promptStyle]
  const staged = (text: string): readonly PromptStage[] =>
    hasStages ? promptStages(text, steps) : [{ until: steps, text }]
  const prompts: readonly StagedPrompt[] = hasStages
    ? composedPrompts(prompt).map(({ text, weight }) => ({ weight, stages: staged(text) }))
    : [{ weight: 1, stages: staged(prompt) }]
  const negative = staged(negativePrompt)
  const [only, ...others] = prompts
  const isAlone = guidanceScale === 1 && others.length === 0 && only?.weight === 1
  const conditionings = await encodeAll(model, request, [
    ...prompts.flatMap(({ stages }) => stages),
    ...(isAlone ? [] : negative),
  ])
  const at = (stages: readonly PromptStage[], { step }: Moment): Conditioning => {
    const stage = stages.find(({ until }) => step < until) ?? stages.at(-1)
    const told = stage && conditionings.get(stage.text)
    if (!told) throw new RangeError(`expected a prompt for step ${step + 1}, found none`)
    return told
  }
  const guidanceAt = (moment: Moment): Guidance => {
    if (isAlone) return unguided(at(only.stages, moment))
    const [first, ...more] = prompts.map(({ weight, stages }): WeightedConditioning => ({
      weight,
      told: at(stages, moment),
    }))
    if (!first) throw new RangeError('expected a prompt, found none')
    return classifierFree({
      prompts: [first, ...more],
      unconditional: at(negative, moment),
      scale: isGuided(moment, guidance) ? guidanceScale : 1,
      ...(guidance.rescale === undefined ? {} : { rescale: guidance.rescale }),
      ...(guidance.thresholding === undefined ? {} : { thresholding: guidance.thresholding }),
    })
  }
  return guided(network, guidanceAt, { isBatched: batchGuidance })
}

/** What the network is told for each text. */
async function encodeAll(
  model: LoadedModel,
  { promptStyle = 'plain', heightPx, widthPx }: GenerationTask['request'],
  stages: readonly PromptStage[],
): Promise<Map<string, Conditioning>> {
  const texts = [...new Set(stages.map(({ text }) => text))]
  const encoded = await encodePrompts(await model.promptEncoders(), texts, promptStyle)
  const told = encoded.map((prompt) => model.conditioning(prompt, wholePicture(heightPx, widthPx)))
  return new Map(told.map((conditioning, i) => [texts[i] ?? '', conditioning]))
}

/** Whether guidance acts at this share of the steps. Kynkäänniemi et al. 2024 (arXiv 2404.07724). */
function isGuided({ step, steps }: Moment, { start = 0, end = 1 }: GuidanceOptions): boolean {
  const share = step / steps
  return share >= start && (share < end || end === 1)
}
