import { StudioError } from '../contract/failure.ts'
import type { GenerationTask } from '../contract/studio.ts'
import type { GuidanceOptions } from '../contract/generation.ts'
import type { Moment, Predict } from '../diffusion/denoise.ts'
import { classifierFree, twoConditions, unguided } from '../diffusion/guidance-kinds.ts'
import type { WeightedConditioning } from '../diffusion/guidance-kinds.ts'
import { guided } from '../diffusion/guidance.ts'
import type { Conditioning, Guidance } from '../diffusion/guidance.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { encodePrompts } from '../text/conditioning.ts'
import type { PromptEncoder } from '../text/conditioning.ts'
import { composedPrompts } from '../text/prompt/composition.ts'
import { promptStages } from '../text/prompt/schedule.ts'
import type { PromptStage } from '../text/prompt/schedule.ts'
import { promptStyles } from '../text/prompt/styles.ts'
import { isPerturbed } from './guides.ts'
import type { Guides } from './guides.ts'
import { guidanceEmbedding } from './guidance-embedding.ts'
import { labelledNetwork } from './labelled.ts'
import type { LoadedModel } from './loaded-model.ts'
import { wholePicture } from './size-conditioning.ts'
import type { PromptRole } from './size-conditioning.ts'

/** Of the original's command line. */
const DEFAULT_IMAGE_GUIDANCE = 1.5

/** A prompt of those that act at once, at each step. */
interface StagedPrompt {
  readonly weight: number
  readonly stages: readonly PromptStage[]
}

interface PromptedRun {
  readonly steps: number
  /** What joins the latent, of models that repaint or edit a picture. */
  readonly channels: Tensor | null
  /** Pictures that guide it. */
  readonly guides: Guides | null
  /** Told what the text encoders are given. */
  readonly onTokens?: (ids: readonly number[]) => void
}

/**
 * The U-Net with its prompts, as they are at each of `steps`: guided where the scale asks for it.
 * @throws StudioError invalid-request for a prompt that its style cannot read
 */
export async function promptedNetwork(
  model: LoadedModel,
  { request, batchGuidance }: GenerationTask,
  { steps, channels, guides, onTokens = () => undefined }: PromptedRun,
): Promise<Predict> {
  const { told } = model.networks
  if ((told !== 'words' || model.networks.input === 'instruct') && isPerturbed({ request })) {
    const expected = 'expected no perturbed attention for a model that edits pictures or hears no words'
    throw new StudioError('invalid-request', `${expected}, found some`, { field: 'guidance.perturbedAttention' })
  }
  if (told !== 'words') return labelledNetwork(model, { request, batchGuidance }, told)
  const network = await model.unet(undefined, guides?.feeds)
  const { prompt, negativePrompt, promptStyle = 'plain', guidance = {} } = request
  const guidanceScale = model.networks.guidanceSize === null ? request.guidanceScale : 1
  const edits = model.networks.input === 'instruct' && channels
  const { hasStages } = promptStyles[promptStyle]
  const staged = (text: string): readonly PromptStage[] =>
    hasStages ? promptStages(text, steps) : [{ until: steps, text }]
  const prompts: readonly StagedPrompt[] = hasStages
    ? composedPrompts(prompt).map(({ text, weight }) => ({ weight, stages: staged(text) }))
    : [{ weight: 1, stages: staged(prompt) }]
  const negative = staged(negativePrompt)
  const [only, ...others] = prompts
  if (edits && others.length > 0) {
    const found = `expected one instruction for a model that edits, found ${prompts.length} joined by AND`
    throw new StudioError('invalid-request', found, { field: 'prompt' })
  }
  const { perturbedAttention: perturbedScale = 0 } = guidance
  const isAlone = guidanceScale === 1 && others.length === 0 && only?.weight === 1 && perturbedScale === 0
  const stages = [...prompts.flatMap((staged) => staged.stages), ...(isAlone && !edits ? [] : negative)]
  const tellAt = await encodeAll(model, request, { stages, onTokens })
  const at = (stages: readonly PromptStage[], { step }: Moment, role: PromptRole = 'prompt'): Conditioning => {
    const stage = stages.find(({ until }) => step < until) ?? stages.at(-1)
    const told = stage && tellAt(stage.text, role)
    if (!told) throw new RangeError(`expected a prompt for step ${step + 1}, found none`)
    return {
      ...told,
      ...(channels ? { picture: channels } : {}),
      ...(guides ? { imageTokens: guides.imageTokens[role] } : {}),
    }
  }
  const guidanceAt = (moment: Moment): Guidance => {
    if (edits && only) {
      const picture = at(negative, moment, 'negative')
      const neither = { ...picture, picture: tensor(edits.shape) }
      return twoConditions(
        { both: at(only.stages, moment), picture, neither },
        {
          text: isGuided(moment, guidance) ? guidanceScale : 1,
          picture: request.imageGuidanceScale ?? DEFAULT_IMAGE_GUIDANCE,
        },
      )
    }
    if (isAlone) return unguided(at(only.stages, moment))
    const [first, ...more] = prompts.map(({ weight, stages }): WeightedConditioning => ({
      weight,
      told: at(stages, moment),
    }))
    if (!first) throw new RangeError('expected a prompt, found none')
    return classifierFree({
      prompts: [first, ...more],
      unconditional: at(negative, moment, 'negative'),
      scale: isGuided(moment, guidance) ? guidanceScale : 1,
      perturbedScale: isGuided(moment, guidance) ? perturbedScale : 0,
      ...(guidance.rescale === undefined ? {} : { rescale: guidance.rescale }),
      ...(guidance.thresholding === undefined ? {} : { thresholding: guidance.thresholding }),
    })
  }
  return guided(network, guidanceAt, { isBatched: batchGuidance })
}

/** What the network is told for each text, as a prompt or as a negative one. */
async function encodeAll(
  model: LoadedModel,
  { promptStyle = 'plain', heightPx, widthPx, guidanceScale }: GenerationTask['request'],
  { stages, onTokens }: { readonly stages: readonly PromptStage[] } & Required<Pick<PromptedRun, 'onTokens'>>,
): Promise<(text: string, role: PromptRole) => Conditioning | undefined> {
  const texts = [...new Set(stages.map(({ text }) => text))]
  const encoders = (await model.promptEncoders()).map(({ encode, ...rest }): PromptEncoder => ({
    ...rest,
    encode: (ids, hidden) => {
      onTokens(ids.flat())
      return encode(ids, hidden)
    },
  }))
  const encoded = await encodePrompts(encoders, texts, promptStyle)
  const prompts = new Map(encoded.map((prompt, i) => [texts[i] ?? '', prompt]))
  const { guidanceSize } = model.networks
  const scale = guidanceSize === null ? {} : { guidance: guidanceEmbedding(guidanceScale, guidanceSize) }
  return (text, role) => {
    const prompt = prompts.get(text)
    return prompt && { ...model.conditioning(prompt, wholePicture(heightPx, widthPx), role), ...scale }
  }
}

/** Whether guidance acts at this share of the steps. Kynkäänniemi et al. 2024 (arXiv 2404.07724). */
function isGuided({ step, steps }: Moment, { start = 0, end = 1 }: GuidanceOptions): boolean {
  const share = step / steps
  return share >= start && (share < end || end === 1)
}
