import * as z from 'zod'
import { ModelId, PredictionType, SamplerId, ScheduleId } from './generation.ts'

/** Where a model's fields start; a field that differs from these shows a dot. */
export const ModelDefaults = z.object({
  widthPx: z.int(),
  heightPx: z.int(),
  steps: z.int(),
  guidanceScale: z.number(),
  sampler: SamplerId,
  schedule: ScheduleId,
})
export type ModelDefaults = z.infer<typeof ModelDefaults>

/** A model of the library. `problem` says, in a sentence, why a model that was found cannot run. */
export const ModelSummary = z.object({
  id: ModelId,
  name: z.string(),
  path: z.string(),
  layout: z.enum(['diffusers', 'single-file', 'onnx']),
  family: z.string(),
  familyName: z.string(),
  predictionType: PredictionType,
  sizeBytes: z.int(),
  isBuiltIn: z.boolean(),
  defaults: ModelDefaults,
  /** Content tokens the text encoder takes at once, 75 for CLIP; longer prompts go in chunks. */
  chunkTokens: z.int(),
  problem: z.string().nullable(),
})
export type ModelSummary = z.infer<typeof ModelSummary>

/** Token count of a prompt for a model, and where each chunk starts in the text (UTF-16 offsets). */
export const TokenCount = z.object({ tokens: z.int(), chunkTokens: z.int(), chunkStarts: z.array(z.int()) })
export type TokenCount = z.infer<typeof TokenCount>
