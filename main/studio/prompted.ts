import { StudioError } from '../contract/failure.ts'
import type { GenerationTask } from '../contract/studio.ts'
import type { GenerationRequest, GuidanceOptions } from '../contract/generation.ts'
import type { Moment, Predict } from '../diffusion/denoise.ts'
import { classifierFree, twoConditions, unguided } from '../diffusion/guidance-kinds.ts'
import type { WeightedConditioning } from '../diffusion/guidance-kinds.ts'
import { guided } from '../diffusion/guidance.ts'
import type { Conditioning, Guidance } from '../diffusion/guidance.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { PromptStage } from '../text/prompt/schedule.ts'
import { encodedPrompts } from './encoded-prompts.ts'
import type { Told } from './encoded-prompts.ts'
import { isPerturbed } from './guides.ts'
import type { Guides } from './guides.ts'
import { labelledNetwork } from './labelled.ts'
import type { LoadedModel } from './loaded-model.ts'
import type { PromptRole } from './size-conditioning.ts'
import { stagedPrompts } from './staged-prompts.ts'
import type { StagedPrompts } from './staged-prompts.ts'

/** Of the original's command line. */
const DEFAULT_IMAGE_GUIDANCE = 1.5

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
  const { told, input, guidanceSize } = model.networks
  if (told !== 'words' || input === 'instruct') refusePerturbation(request)
  if (told !== 'words') return labelledNetwork(model, { request, batchGuidance }, told)
  const network = await model.unet(undefined, guides?.feeds)
  const prompts = stagedPrompts(request, steps)
  const edited = input === 'instruct' ? channels : null
  // A model that is told the scale makes no second pass for it.
  const scale = guidanceSize === null ? request.guidanceScale : 1
  const isOne = !edited && isAlone(prompts, scale, request.guidance)
  const stages = [...prompts.prompts.flatMap((prompt) => prompt.stages), ...(isOne ? [] : prompts.negative)]
  if (edited) requireOneInstruction(prompts)
  const tell = await encodedPrompts(model, request, { texts: stages.map(({ text }) => text), onTokens })
  const guiding = { prompts, at: tellingAt(tell, channels, guides), request, scale }
  const guidance = edited ? editing(guiding, edited) : isOne ? alone(guiding) : away(guiding)
  return guided(network, guidance, { isBatched: batchGuidance })
}

function requireOneInstruction({ prompts }: StagedPrompts): void {
  if (prompts.length === 1) return
  const found = `expected one instruction for a model that edits, found ${prompts.length} joined by AND`
  throw new StudioError('invalid-request', found, { field: 'prompt' })
}

function refusePerturbation(request: GenerationRequest): void {
  if (!isPerturbed({ request })) return
  const expected = 'expected no perturbed attention for a model that edits pictures or hears no words'
  throw new StudioError('invalid-request', `${expected}, found some`, { field: 'guidance.perturbedAttention' })
}

/** Whether one prompt acts, and nothing that it goes away from. */
function isAlone({ prompts }: StagedPrompts, scale: number, { perturbedAttention = 0 }: GuidanceOptions = {}): boolean {
  const [only, ...others] = prompts
  return scale === 1 && others.length === 0 && only?.weight === 1 && perturbedAttention === 0
}

/** What the network is told at a moment of a prompt's stages. */
type TellAt = (stages: readonly PromptStage[], moment: Moment, role?: PromptRole) => Conditioning

function tellingAt(tell: Told, channels: Tensor | null, guides: Guides | null): TellAt {
  return (stages, { step }, role = 'prompt') => {
    const stage = stages.find(({ until }) => step < until) ?? stages.at(-1)
    const told = stage && tell(stage.text, role)
    if (!told) throw new RangeError(`expected a prompt for step ${step + 1}, found none`)
    return {
      ...told,
      ...(channels ? { picture: channels } : {}),
      ...(guides ? { imageTokens: guides.imageTokens[role] } : {}),
    }
  }
}

type GuidanceAt = (moment: Moment) => Guidance

interface Guiding {
  readonly prompts: StagedPrompts
  readonly at: TellAt
  readonly request: GenerationRequest
  readonly scale: number
}

function alone({ prompts: { prompts }, at }: Guiding): GuidanceAt {
  return (moment) => unguided(at(prompts[0]?.stages ?? [], moment))
}

/** Away from the negative prompt. */
function away({ prompts: { prompts, negative }, at, request, scale }: Guiding): GuidanceAt {
  const { guidance = {} } = request
  const { perturbedAttention = 0, rescale, thresholding } = guidance
  return (moment) => {
    const [first, ...more] = prompts.map(({ weight, stages }): WeightedConditioning => ({
      weight,
      told: at(stages, moment),
    }))
    if (!first) throw new RangeError('expected a prompt, found none')
    return classifierFree({
      prompts: [first, ...more],
      unconditional: at(negative, moment, 'negative'),
      scale: isGuided(moment, guidance) ? scale : 1,
      perturbedScale: isGuided(moment, guidance) ? perturbedAttention : 0,
      ...(rescale === undefined ? {} : { rescale }),
      ...(thresholding === undefined ? {} : { thresholding }),
    })
  }
}

/** Away from the negative prompt, and from the picture that is edited. */
function editing({ prompts: { prompts, negative }, at, request, scale }: Guiding, edited: Tensor): GuidanceAt {
  const { guidance = {}, imageGuidanceScale = DEFAULT_IMAGE_GUIDANCE } = request
  return (moment) => {
    const picture = at(negative, moment, 'negative')
    return twoConditions(
      {
        both: at(prompts[0]?.stages ?? [], moment),
        picture,
        neither: { ...picture, picture: tensor(edited.shape) },
      },
      { text: isGuided(moment, guidance) ? scale : 1, picture: imageGuidanceScale },
    )
  }
}

/** Whether guidance acts at this share of the steps. Kynkäänniemi et al. 2024 (arXiv 2404.07724). */
function isGuided({ step, steps }: Moment, { start = 0, end = 1 }: GuidanceOptions): boolean {
  const share = step / steps
  return share >= start && (share < end || end === 1)
}
