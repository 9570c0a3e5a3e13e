import * as z from 'zod'
import { Failure } from './failure.ts'
import { GenerationRequest } from './generation.ts'
import { ImageId } from './image.ts'

export const JobId = z.uuid()
export type JobId = z.infer<typeof JobId>

export const STAGES = ['loading', 'encoding', 'denoising', 'decoding', 'saving'] as const
export const Stage = z.enum(STAGES)
export type Stage = z.infer<typeof Stage>

/** How far a running job is. `step` counts finished denoising steps, of `steps`; `secondsLeft` is measured, null until it can be. */
export const Progress = z.object({
  stage: Stage,
  step: z.int().min(0),
  steps: z.int().min(0),
  /** Share of the model's bytes read while `stage` is loading, else 1. */
  loaded: z.number().min(0).max(1),
  secondsLeft: z.number().min(0).nullable(),
  /** How memory is gone about, in a sentence, once it is planned. */
  memory: z.string().optional(),
  /** While decoding in tiles: those done, of how many. */
  tiles: z.object({ done: z.int().min(0), count: z.int().min(1) }).optional(),
})
export type Progress = z.infer<typeof Progress>

export const JOB_STATES = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const
export const JobState = z.enum(JOB_STATES)
export type JobState = z.infer<typeof JobState>

/** One picture to make. Jobs enqueued together share a `batch`. Times are milliseconds since 1970. */
export const Job = z.object({
  id: JobId,
  batch: z.uuid(),
  request: GenerationRequest,
  state: JobState,
  progress: Progress.nullable(),
  failure: Failure.nullable(),
  imageId: ImageId.nullable(),
  /** What happened to the job on its way that is no failure, in a sentence. */
  note: z.string().optional(),
  createdAt: z.int(),
  startedAt: z.int().nullable(),
  finishedAt: z.int().nullable(),
})
export type Job = z.infer<typeof Job>

/** A look at the latent after a step: a small PNG as a data URL, latent-sized or a little larger. */
export const JobPreview = z.object({ jobId: JobId, step: z.int(), dataUrl: z.string() })
export type JobPreview = z.infer<typeof JobPreview>

export const EnqueueInput = z.object({
  request: GenerationRequest,
  /** Pictures to make; picture i uses seed + i. */
  count: z.int().min(1).max(64),
  /** The prompts are templates: each picture's choices are made by its seed. */
  isTemplate: z.boolean().optional(),
})
