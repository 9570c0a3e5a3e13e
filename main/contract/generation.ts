import * as z from 'zod'
import { SamplingOptions } from './sampling.ts'

export const SAMPLER_IDS = [
  'euler',
  'euler-ancestral',
  'heun',
  'dpm2',
  'dpm2-ancestral',
  'lms',
  'dpmpp-2m',
  'dpmpp-2m-sde',
  'dpmpp-2m-sde-heun',
  'dpmpp-sde',
  'dpmpp-2s-ancestral',
  'dpmpp-3m',
  'dpmpp-3m-sde',
  'dpmpp-2s',
  'dpmpp-3s',
  'dpm-solver-2m',
  'dpm-fast',
  'dpm-adaptive',
  'unipc',
  'unipc-bh1',
  'deis',
  'ddim',
  'ddpm',
  'plms',
  'pndm',
  'lcm',
  'tcd',
  'restart',
  'langevin',
] as const
export const SamplerId = z.enum(SAMPLER_IDS)
export type SamplerId = z.infer<typeof SamplerId>

export const SCHEDULE_IDS = [
  'normal',
  'trailing',
  'karras',
  'exponential',
  'polyexponential',
  'sgm-uniform',
  'simple',
  'ddim-uniform',
  'beta',
  'ays-sd1',
  'ays-sdxl',
] as const
export const ScheduleId = z.enum(SCHEDULE_IDS)
export type ScheduleId = z.infer<typeof ScheduleId>

/** What the network outputs: the noise, the velocity of Salimans & Ho 2022 (arXiv 2202.00512), or the clean latent itself. */
export const PREDICTION_TYPES = ['epsilon', 'v', 'sample'] as const
export const PredictionType = z.enum(PREDICTION_TYPES)
export type PredictionType = z.infer<typeof PredictionType>

/** How a prompt is written: as it stands, or with the weights and signs of another program. */
export const PROMPT_STYLES = ['plain', 'a1111', 'a1111-no-norm', 'comfyui', 'invokeai'] as const
export const PromptStyleId = z.enum(PROMPT_STYLES)
export type PromptStyleId = z.infer<typeof PromptStyleId>

/**
 * Whose random numbers a seed stands for: those of CUDA's generator, which are the studio's own on every machine, or those of
 * PyTorch's generator on a processor.
 */
export const NOISE_SOURCES = ['philox', 'torch-cpu'] as const
export const NoiseSourceId = z.enum(NOISE_SOURCES)
export type NoiseSourceId = z.infer<typeof NoiseSourceId>

/** Bounds of the request's numbers; the window's fields and the command line read the same table. */
export const LIMITS = {
  steps: { min: 1, max: 500 },
  guidanceScale: { min: 1, max: 30 },
  imageGuidanceScale: { min: 1, max: 10 },
  sizePx: { min: 64, max: 4096, multiple: 8 },
  seed: { min: 0, max: Number.MAX_SAFE_INTEGER },
  strength: { min: 0.01, max: 1 },
  promptCharacters: 20_000,
  count: { min: 1, max: 64 },
  clipSkip: { min: 1, max: 12 },
  /** Of a LoRA; below 0 it does the opposite. */
  loraWeight: { min: -5, max: 5 },
  /** Of a control or an image prompt. */
  influence: { min: 0, max: 2 },
  perturbedAttention: { min: 0, max: 10 },
  maskBlurPx: { min: 0, max: 64 },
  maskPaddingPx: { min: 0, max: 512 },
} as const

const sizePx = z
  .int()
  .min(LIMITS.sizePx.min)
  .max(LIMITS.sizePx.max)
  .refine((value) => value % LIMITS.sizePx.multiple === 0, {
    error: (issue) => `expected a multiple of ${LIMITS.sizePx.multiple} pixels, found ${String(issue.input)}`,
  })

/** SHA-256 of an input picture's bytes, in hex; the studio keeps inputs by content. */
export const InputId = z.string().regex(/^[0-9a-f]{64}$/)
export type InputId = z.infer<typeof InputId>

/** How an input picture of another shape is brought to the requested size. */
export const FIT_MODES = ['crop', 'contain', 'stretch'] as const
export const FitMode = z.enum(FIT_MODES)
export type FitMode = z.infer<typeof FitMode>

/** What the repainted part starts from: the picture itself, or noise alone. */
export const MASK_FILLS = ['original', 'noise'] as const

/** Where an input picture is repainted: white repaints, black keeps. */
export const Mask = z.object({
  id: InputId,
  /** Softens the edge by this deviation, in pixels of the result. */
  blurPx: z.number().min(LIMITS.maskBlurPx.min).max(LIMITS.maskBlurPx.max),
  fill: z.enum(MASK_FILLS),
  /** Pixels of the input picture around the mask that are made along with it, at the full requested size; null makes the whole picture. */
  paddingPx: z.int().min(LIMITS.maskPaddingPx.min).max(LIMITS.maskPaddingPx.max).nullable(),
})
export type Mask = z.infer<typeof Mask>

/** The picture an image-to-image run starts from. */
export const InitImage = z.object({
  id: InputId,
  /** 0-1, the share of the schedule that is run. */
  strength: z.number().min(LIMITS.strength.min).max(LIMITS.strength.max),
  fit: FitMode,
  mask: Mask.optional(),
})
export type InitImage = z.infer<typeof InitImage>

/** A model's or part's stable name: `starter`, or one derived from where it lies. */
export const ModelId = z.string().min(1).max(500)
export type ModelId = z.infer<typeof ModelId>

/** A LoRA and how much of it: of the U-Net's part, and of the text encoders' unless that is told apart. */
export const LoraUse = z.object({
  id: ModelId,
  weight: z.number().min(LIMITS.loraWeight.min).max(LIMITS.loraWeight.max),
  textWeight: z.number().min(LIMITS.loraWeight.min).max(LIMITS.loraWeight.max).optional(),
})
export type LoraUse = z.infer<typeof LoraUse>

const influence = z.number().min(LIMITS.influence.min).max(LIMITS.influence.max)
const share = z.number().min(0).max(1)

/** What is drawn from a control's picture before the network sees it; `none` takes it as it is, as for depth or pose maps. */
export const PREPROCESSORS = ['none', 'canny', 'scribble', 'invert'] as const
export const Preprocessor = z.enum(PREPROCESSORS)
export type Preprocessor = z.infer<typeof Preprocessor>

/** A ControlNet with its picture. It acts from the share `start` of the steps to the share `end`. */
export const ControlUse = z.object({
  id: ModelId,
  image: InputId,
  preprocessor: Preprocessor,
  fit: FitMode,
  weight: influence,
  start: share,
  end: share,
})
export type ControlUse = z.infer<typeof ControlUse>

/** A control's picture at the size that it would be shown in. */
export const ControlPicture = ControlUse.pick({ image: true, preprocessor: true, fit: true }).extend({
  widthPx: sizePx,
  heightPx: sizePx,
})
export type ControlPicture = z.infer<typeof ControlPicture>

/** A picture that prompts like words, through an IP-Adapter. */
export const ImagePrompt = z.object({ id: ModelId, image: InputId, weight: influence, start: share, end: share })
export type ImagePrompt = z.infer<typeof ImagePrompt>

/** What guidance does besides its scale; each is off where it is absent. */
export const GuidanceOptions = z.object({
  /** How much of the conditional prediction's deviation is given back. */
  rescale: share.optional(),
  /** Guidance acts from this share of the steps to the next one's. */
  start: share.optional(),
  end: share.optional(),
  /** Away from what the network predicts when its middle attends to itself alone; 0 is off. */
  perturbedAttention: z.number().min(LIMITS.perturbedAttention.min).max(LIMITS.perturbedAttention.max).optional(),
  /** Lets the scale have the contrast of `mimicScale`; values beyond the quantile are cut off. */
  thresholding: z
    .object({ mimicScale: z.number().min(LIMITS.guidanceScale.min).max(LIMITS.guidanceScale.max), quantile: share })
    .optional(),
})
export type GuidanceOptions = z.infer<typeof GuidanceOptions>

/** A second model that runs the steps from the share `start` of them to the end. */
export const RefinerUse = z.object({ model: ModelId, start: share })
export type RefinerUse = z.infer<typeof RefinerUse>

/**
 * Everything that affects one picture. Queued, stored and embedded in the file unchanged, so that
 * running it again is running the same object. What an optional field names is not used where the field is absent.
 */
export const GenerationRequest = z.object({
  model: ModelId,
  prompt: z.string().max(LIMITS.promptCharacters),
  negativePrompt: z.string().max(LIMITS.promptCharacters),
  seed: z.int().min(LIMITS.seed.min).max(LIMITS.seed.max),
  steps: z.int().min(LIMITS.steps.min).max(LIMITS.steps.max),
  /** 1 means off: the unconditional pass is skipped. */
  guidanceScale: z.number().min(LIMITS.guidanceScale.min).max(LIMITS.guidanceScale.max),
  widthPx: sizePx,
  heightPx: sizePx,
  sampler: SamplerId,
  schedule: ScheduleId,
  init: InitImage.nullable(),
  /** What the prompts were before the choices in them were made. */
  template: z
    .object({
      prompt: z.string().max(LIMITS.promptCharacters),
      negativePrompt: z.string().max(LIMITS.promptCharacters),
    })
    .optional(),
  /** Absent: plain. */
  promptStyle: PromptStyleId.optional(),
  sampling: SamplingOptions.optional(),
  guidance: GuidanceOptions.optional(),
  /** Absent: philox. */
  noise: NoiseSourceId.optional(),
  /** The first noise, turned that far towards another seed's. */
  variation: z
    .object({ seed: z.int().min(LIMITS.seed.min).max(LIMITS.seed.max), strength: z.number().min(0).max(1) })
    .optional(),
  /** The first noise is that of a picture of this size, laid in the middle. */
  seedSize: z.object({ widthPx: sizePx, heightPx: sizePx }).optional(),
  /** Another autoencoder than the model's own. */
  vae: ModelId.optional(),
  /** Another U-Net than the model's own. */
  unet: ModelId.optional(),
  /** The text encoder's layer that is listened to, counted from its end; 1 is the last. Absent: as the model was trained. */
  clipSkip: z.int().min(LIMITS.clipSkip.min).max(LIMITS.clipSkip.max).optional(),
  loras: z.array(LoraUse).max(32).optional(),
  controls: z.array(ControlUse).max(8).optional(),
  imagePrompts: z.array(ImagePrompt).max(8).optional(),
  refiner: RefinerUse.optional(),
  /** How closely a model that edits by instructions keeps to the input picture; 1.5 where absent. */
  imageGuidanceScale: z.number().min(LIMITS.imageGuidanceScale.min).max(LIMITS.imageGuidanceScale.max).optional(),
  /** What the network is taken to output, whatever its files say. */
  predictionType: PredictionType.optional(),
})
export type GenerationRequest = z.infer<typeof GenerationRequest>
