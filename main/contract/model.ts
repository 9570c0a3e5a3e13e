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

/** What a model takes besides the prompt: nothing, a picture with a mask to repaint, or a picture to edit by instructions. */
export const MODEL_INPUTS = ['none', 'inpaint', 'instruct'] as const
export type ModelInput = (typeof MODEL_INPUTS)[number]

/**
 * What a model takes of memory with all its networks loaded: as float32, for speed, and as its files store it. `fit` is
 * the more comfortable of the two for which this machine has room, or none.
 */
export const MemoryNeed = z.object({
  fastBytes: z.int(),
  smallBytes: z.int(),
  fit: z.enum(['fast', 'small', 'none']),
})
export type MemoryNeed = z.infer<typeof MemoryNeed>

/** What the files beside a model or part say of it, and what has been computed of its bytes. */
export const libraryFacts = {
  /** Words of its own that wake it in a prompt. */
  triggerWords: z.array(z.string()),
  description: z.string().nullable(),
  hasThumbnail: z.boolean(),
  /** Of the file, in hex, once it has been read through; null for a folder. Its first ten digits are what others call a model's hash. */
  sha256: z.string().nullable(),
  /** Of what lies past a safetensors header, in hex: by its first twelve digits others know a LoRA. */
  dataSha256: z.string().nullable(),
}

/** What a model's pictures are asked for by: words, the number of a class, or nothing, where it makes one kind of picture. */
export const PROMPT_KINDS = ['words', 'class', 'nothing'] as const

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
  prompt: z.enum(PROMPT_KINDS),
  input: z.enum(MODEL_INPUTS),
  /** What its name or metadata suggest that its tensors cannot tell, as few-step distillation; its defaults follow it. */
  hint: z.string().nullable(),
  /** Null where the weights are not known. */
  memory: MemoryNeed.nullable(),
  ...libraryFacts,
  problem: z.string().nullable(),
})
export type ModelSummary = z.infer<typeof ModelSummary>

/** What the library is busy with. */
export const LibraryState = z.object({
  isScanning: z.boolean(),
  /** Files whose digests are known, of all that have any. */
  digested: z.int(),
  digestible: z.int(),
  isPaused: z.boolean(),
})
export type LibraryState = z.infer<typeof LibraryState>

/** Token count of a prompt for a model, and where each chunk starts in the text (UTF-16 offsets). */
export const TokenCount = z.object({ tokens: z.int(), chunkTokens: z.int(), chunkStarts: z.array(z.int()) })
export type TokenCount = z.infer<typeof TokenCount>
