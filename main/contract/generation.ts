import * as z from 'zod'

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

/** What the network outputs: the noise, or the velocity of Salimans & Ho 2022 (arXiv 2202.00512). */
export const PREDICTION_TYPES = ['epsilon', 'v'] as const
export const PredictionType = z.enum(PREDICTION_TYPES)
export type PredictionType = z.infer<typeof PredictionType>

/** Bounds of the request's numbers; the window's fields and the command line read the same table. */
export const LIMITS = {
  steps: { min: 1, max: 500 },
  guidanceScale: { min: 1, max: 30 },
  sizePx: { min: 64, max: 2048, multiple: 8 },
  seed: { min: 0, max: Number.MAX_SAFE_INTEGER },
  strength: { min: 0.01, max: 1 },
  promptCharacters: 20_000,
  count: { min: 1, max: 64 },
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

/** The picture an image-to-image run starts from. */
export const InitImage = z.object({
  id: InputId,
  /** 0-1, the share of the schedule that is run. */
  strength: z.number().min(LIMITS.strength.min).max(LIMITS.strength.max),
  fit: FitMode,
})
export type InitImage = z.infer<typeof InitImage>

/** A model's stable name: `starter`, or one derived from where it lies. */
export const ModelId = z.string().min(1).max(500)
export type ModelId = z.infer<typeof ModelId>

/**
 * Everything that affects one picture. Queued, stored and embedded in the file unchanged, so that
 * running it again is running the same object.
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
})
export type GenerationRequest = z.infer<typeof GenerationRequest>
