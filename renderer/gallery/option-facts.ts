import type { GenerationRequest } from '../../main/contract/generation.ts'
import type { ImageRecord } from '../../main/contract/image.ts'
import type { SamplingOptions } from '../../main/contract/sampling.ts'
import { promptStyleNames } from '../names.ts'
import { conventionOf } from '../level-conventions.ts'
import { conventionNames, levelChoices, noiseNames, predictionNames } from '../option-names.ts'

interface Fact {
  readonly name: string
  readonly value: string
  readonly copied: string
}

/** How prompt, sampler, guidance and noise were used otherwise than by default: one fact for each that was. */
export function optionFacts({ request }: ImageRecord): readonly Fact[] {
  const { template, promptStyle, sampling, predictionType } = request
  return [
    ...(template ? templateFacts(template, request) : []),
    ...(promptStyle === undefined ? [] : [fact('Prompt style', promptStyleNames[promptStyle].label)]),
    ...(sampling ? samplingFacts(sampling) : []),
    ...(predictionType === undefined ? [] : [fact('Taken to output', predictionNames[predictionType].label)]),
    ...guidanceFacts(request),
    ...noiseFacts(request),
  ]
}

/** What the words above were before their choices were made. */
function templateFacts(
  template: NonNullable<GenerationRequest['template']>,
  { prompt, negativePrompt }: GenerationRequest,
): readonly Fact[] {
  const { prompt: before, negativePrompt: negativeBefore } = template
  return [
    ...(before === prompt ? [] : [fact('Template', before)]),
    ...(negativeBefore === negativePrompt ? [] : [fact('… without', negativeBefore)]),
  ]
}

function samplingFacts({ eta, noiseScale, churn, levels }: SamplingOptions): readonly Fact[] {
  return [
    ...(eta === undefined ? [] : [fact('Eta', String(eta))]),
    ...(noiseScale === undefined ? [] : [fact('Noise scale', String(noiseScale))]),
    ...(churn ? [fact('Churn', [churn.amount, ...range('sigma', churn.sigmaMin, churn.sigmaMax)].join(' · '))] : []),
    ...(levels ? [fact('Levels as in', levelsText(levels))] : []),
  ]
}

function levelsText(levels: NonNullable<SamplingOptions['levels']>): string {
  const convention = conventionOf(levels)
  if (convention === 'own') return 'the sampler’s own'
  if (convention) return conventionNames[convention].label
  const chosen = levelChoices.flatMap(({ field, label, choices }) => {
    const value = levels[field]
    const choice = value === undefined ? undefined : choices.find((other) => other.value === String(value))
    return choice ? [`${label.toLowerCase()}: ${choice.label.toLowerCase()}`] : []
  })
  const offset = levels.stepsOffset === undefined ? [] : [`leading + ${levels.stepsOffset}`]
  return [...chosen, ...offset].join(' · ')
}

function guidanceFacts({ guidance = {} }: GenerationRequest): readonly Fact[] {
  const { rescale, start, end, perturbedAttention, thresholding } = guidance
  const percent = (share: number) => `${Math.round(share * 100)}%`
  return [
    ...(rescale === undefined ? [] : [fact('Rescale', String(rescale))]),
    ...(start === undefined && end === undefined
      ? []
      : [fact('Guided', `${percent(start ?? 0)}–${percent(end ?? 1)}`)]),
    ...(perturbedAttention === undefined ? [] : [fact('Perturbed', String(perturbedAttention))]),
    ...(thresholding
      ? [fact('Thresholded', `as of ${thresholding.mimicScale} · quantile ${thresholding.quantile}`)]
      : []),
  ]
}

function noiseFacts({ noise, variation, seedSize }: GenerationRequest): readonly Fact[] {
  return [
    ...(noise === undefined ? [] : [fact('Noise of', noiseNames[noise].label)]),
    ...(variation ? [fact('Variation', `${variation.seed} · ${variation.strength}`)] : []),
    ...(seedSize ? [fact('Seed of size', `${seedSize.widthPx} × ${seedSize.heightPx}`)] : []),
  ]
}

function range(name: string, from: number | undefined, to: number | undefined): readonly string[] {
  if (from === undefined && to === undefined) return []
  return [`${name} ${from ?? 0} to ${to ?? '∞'}`]
}

function fact(name: string, value: string): Fact {
  return { name, value, copied: value }
}
