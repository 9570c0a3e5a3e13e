import {
  GenerationRequest,
  GuidanceOptions,
  LIMITS,
  NOISE_SOURCES,
  PREDICTION_TYPES,
  PROMPT_STYLES,
} from '../../main/contract/generation.ts'
import { LEVEL_CONVENTIONS, LevelOptions, SAMPLING_LIMITS, SamplingOptions } from '../../main/contract/sampling.ts'
import * as z from 'zod'
import {
  checked,
  read,
  requireWith,
  unlessEmpty,
  UsageError,
  withoutGaps,
  type Arguments,
  type OptionSpec,
} from './arguments.ts'

const { eta, noiseScale, churn } = SAMPLING_LIMITS
const CONVENTIONS = Object.keys(LEVEL_CONVENTIONS) as (keyof typeof LEVEL_CONVENTIONS)[]

export const PROMPT_OPTIONS = {
  'prompt-style': { value: 'STYLE', help: `how weights are written: ${PROMPT_STYLES.join(', ')}; plain by default` },
  dynamic: { help: 'make the choices of {a|b} and __file__, anew for each picture; its seed makes them' },
  'clip-skip': {
    value: 'N',
    help: `the text encoder’s layer from its end, ${LIMITS.clipSkip.min} to ${LIMITS.clipSkip.max}`,
  },
} satisfies Record<string, OptionSpec>

export const SAMPLING_OPTIONS = {
  eta: { value: 'N', help: `share of fresh noise in each step, ${eta.min} to ${eta.max}` },
  'noise-scale': { value: 'N', help: `what fresh noise is multiplied by, ${noiseScale.min} to ${noiseScale.max}` },
  churn: { value: 'N', help: `noise put in before steps, ${churn.min} to ${churn.max} over the whole run` },
  'churn-min': { value: 'SIGMA', help: 'the lowest level at which it is; with --churn' },
  'churn-max': { value: 'SIGMA', help: 'the highest level at which it is; with --churn' },
  'levels-as': { value: 'NAME', help: `noise levels as in ${CONVENTIONS.join(', ')}; as in diffusers by default` },
  spacing: { value: 'NAME', help: 'how timesteps are spread: leading, trailing, linspace' },
  'steps-offset': { value: 'N', help: 'added to leading timesteps' },
  'whole-timesteps': { value: 'yes|no', help: 'the network is given whole timesteps' },
  'extra-point': { value: 'yes|no', help: 'leading and linspace spread over one timestep more' },
  interpolation: { value: 'NAME', help: 'what is interpolated between timesteps: linear, log' },
  'schedule-ends': { value: 'NAME', help: 'where a schedule runs to: table, own-timesteps' },
  'final-level': { value: 'NAME', help: 'where the last step ends: clean, table' },
  'initial-noise': { value: 'NAME', help: 'the first noise is scaled by: sigma, unit-variance' },
  prediction: {
    value: 'TYPE',
    help: `what the network outputs: ${PREDICTION_TYPES.join(', ')}; the model’s own by default`,
  },
} satisfies Record<string, OptionSpec>

export const GUIDANCE_OPTIONS = {
  'guidance-rescale': { value: 'N', help: '0 to 1: gives back contrast that much guidance takes' },
  'guidance-start': { value: 'N', help: 'guidance acts from this share of the steps, 0 to 1' },
  'guidance-end': { value: 'N', help: 'to this one' },
  'perturbed-attention': { value: 'N', help: `0 to ${LIMITS.perturbedAttention.max}; around 3 steadies shapes` },
  'mimic-scale': { value: 'N', help: 'the guidance whose contrast a large one is to have' },
  quantile: { value: 'N', help: 'with --mimic-scale: values beyond it are cut off; 1 by default' },
  'image-guidance': { value: 'N', help: 'how closely a model that edits pictures keeps to --init; 1.5 by default' },
} satisfies Record<string, OptionSpec>

export const NOISE_OPTIONS = {
  noise: {
    value: 'SOURCE',
    help: `${NOISE_SOURCES.join(', ')}: a seed’s noise as of a graphics card, or of PyTorch on a processor`,
  },
  'variation-seed': { value: 'N', help: 'turns the first noise towards this seed’s' },
  'variation-strength': { value: 'N', help: 'how far, 0 to 1; 0.1 by default' },
  'seed-size': { value: 'WxH', help: 'the first noise is that of a picture of this size' },
} satisfies Record<string, OptionSpec>

type Asked = Partial<
  Pick<
    GenerationRequest,
    | 'promptStyle'
    | 'clipSkip'
    | 'sampling'
    | 'guidance'
    | 'noise'
    | 'variation'
    | 'seedSize'
    | 'predictionType'
    | 'imageGuidanceScale'
  >
>

const { shape } = GenerationRequest
const FIRST_VARIATION = 0.1

/** What the command line asks of prompt, sampler, guidance and noise. @throws UsageError */
export function readSampling(found: Arguments): Asked {
  return withoutGaps({
    promptStyle: read(found, 'prompt-style', shape.promptStyle.unwrap()),
    clipSkip: read(found, 'clip-skip', shape.clipSkip.unwrap(), true),
    sampling: unlessEmpty({
      eta: read(found, 'eta', SamplingOptions.shape.eta.unwrap(), true),
      noiseScale: read(found, 'noise-scale', SamplingOptions.shape.noiseScale.unwrap(), true),
      churn: readChurn(found),
      levels: readLevels(found),
    }),
    guidance: readGuidance(found),
    noise: read(found, 'noise', shape.noise.unwrap()),
    variation: readVariation(found),
    seedSize: readSize(found, 'seed-size'),
    predictionType: read(found, 'prediction', shape.predictionType.unwrap()),
    imageGuidanceScale: read(found, 'image-guidance', shape.imageGuidanceScale.unwrap(), true),
  })
}

/** WIDTHxHEIGHT of an option, where it was given. @throws UsageError */
export function readSize(found: Arguments, option: string): { widthPx: number; heightPx: number } | undefined {
  const size = found.text(option)
  if (size === undefined) return undefined
  const [, width, height] = /^(\d+)x(\d+)$/i.exec(size) ?? []
  if (width === undefined || height === undefined) {
    throw new UsageError(`--${option}: expected WIDTHxHEIGHT such as 512x512, found "${size}"`)
  }
  return {
    widthPx: checked(shape.widthPx, option, width, true),
    heightPx: checked(shape.heightPx, option, height, true),
  }
}

function readChurn(found: Arguments): SamplingOptions['churn'] {
  requireWith(found, ['churn-min', 'churn-max'], 'churn', 'N')
  const { amount, sigmaMin, sigmaMax } = SamplingOptions.shape.churn.unwrap().shape
  const asked = read(found, 'churn', amount, true)
  if (asked === undefined) return undefined
  const range = withoutGaps({
    sigmaMin: read(found, 'churn-min', sigmaMin.unwrap(), true),
    sigmaMax: read(found, 'churn-max', sigmaMax.unwrap(), true),
  })
  return { amount: asked, ...range }
}

/** Another program's levels, and single options that differ from them. */
function readLevels(found: Arguments): LevelOptions | undefined {
  const name = read(found, 'levels-as', z.enum(CONVENTIONS))
  const options = LevelOptions.shape
  const yes = z.enum(['yes', 'no']).transform((answer) => answer === 'yes')
  return unlessEmpty({
    ...(name === undefined ? {} : LEVEL_CONVENTIONS[name]),
    ...withoutGaps({
      spacing: read(found, 'spacing', options.spacing.unwrap()),
      stepsOffset: read(found, 'steps-offset', options.stepsOffset.unwrap(), true),
      hasWholeTimesteps: read(found, 'whole-timesteps', yes),
      hasExtraPoint: read(found, 'extra-point', yes),
      interpolation: read(found, 'interpolation', options.interpolation.unwrap()),
      scheduleEnds: read(found, 'schedule-ends', options.scheduleEnds.unwrap()),
      finalLevel: read(found, 'final-level', options.finalLevel.unwrap()),
      initialNoise: read(found, 'initial-noise', options.initialNoise.unwrap()),
    }),
  })
}

function readGuidance(found: Arguments): GuidanceOptions | undefined {
  requireWith(found, ['quantile'], 'mimic-scale', 'N')
  const options = GuidanceOptions.shape
  const thresholds = options.thresholding.unwrap().shape
  const mimicScale = read(found, 'mimic-scale', thresholds.mimicScale, true)
  const quantile = read(found, 'quantile', thresholds.quantile, true) ?? 1
  return unlessEmpty({
    rescale: read(found, 'guidance-rescale', options.rescale.unwrap(), true),
    start: read(found, 'guidance-start', options.start.unwrap(), true),
    end: read(found, 'guidance-end', options.end.unwrap(), true),
    perturbedAttention: read(found, 'perturbed-attention', options.perturbedAttention.unwrap(), true),
    thresholding: mimicScale === undefined ? undefined : { mimicScale, quantile },
  })
}

function readVariation(found: Arguments): GenerationRequest['variation'] {
  requireWith(found, ['variation-strength'], 'variation-seed', 'N')
  const options = shape.variation.unwrap().shape
  const seed = read(found, 'variation-seed', options.seed, true)
  const strength = read(found, 'variation-strength', options.strength, true) ?? FIRST_VARIATION
  return seed === undefined ? undefined : { seed, strength }
}
