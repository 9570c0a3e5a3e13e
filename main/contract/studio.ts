import * as z from 'zod'
import { Failure } from './failure.ts'
import { GenerationRequest, InputId, ModelId } from './generation.ts'
import { ImageOrigin } from './image.ts'
import { JobId, Progress } from './job.ts'
import { MemoryChoice } from './memory.ts'

/** One request with everything resolved that a process without settings, library or database needs. */
export const GenerationTask = z.object({
  jobId: JobId,
  request: GenerationRequest,
  modelPath: z.string(),
  /** The file of each input picture that the request names. */
  inputPaths: z.record(InputId, z.string()),
  /** Where each part, and each model besides the first, that the request names lies. */
  partPaths: z.record(ModelId, z.string()),
  /** What the prompts may call by name. */
  embeddings: z.array(z.object({ name: z.string(), path: z.string() })),
  /** The library's image encoders, where a picture prompts: the adapter's tensors tell which of them it goes with. */
  imageEncoders: z.array(z.string()).optional(),
  /** An existing folder on the gallery's volume; the picture and its thumbnail are written there. */
  stagingFolder: z.string(),
  /** Where the run keeps how far it has come, for a later run of the same task to go on; absent keeps nothing. */
  statePath: z.string().optional(),
  threads: z.int().nullable(),
  showPreviews: z.boolean(),
  batchGuidance: z.boolean(),
  /** Absent: auto. */
  memoryUse: MemoryChoice.optional(),
})
export type GenerationTask = z.infer<typeof GenerationTask>

/** What a finished run left in the staging folder; names are relative to it. */
export const GenerationResult = z.object({
  pictureName: z.string(),
  thumbnailName: z.string(),
  widthPx: z.int(),
  heightPx: z.int(),
  sizeBytes: z.int(),
  origin: ImageOrigin,
  durationMs: z.number().min(0),
  /** What of the request was not as asked, a sentence each. */
  notes: z.array(z.string()).optional(),
})
export type GenerationResult = z.infer<typeof GenerationResult>

/** Shell to studio process. */
export const ToStudio = z.discriminatedUnion('type', [
  z.object({ type: z.literal('generate'), task: GenerationTask }),
  z.object({ type: z.literal('cancel'), jobId: JobId }),
  z.object({ type: z.literal('release') }),
])
export type ToStudio = z.infer<typeof ToStudio>

/** Studio process to shell. */
export const FromStudio = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), runtime: z.string() }),
  z.object({ type: z.literal('progress'), jobId: JobId, progress: Progress }),
  z.object({ type: z.literal('preview'), jobId: JobId, step: z.int(), dataUrl: z.string() }),
  z.object({ type: z.literal('done'), jobId: JobId, result: GenerationResult }),
  z.object({ type: z.literal('failed'), jobId: JobId, failure: Failure }),
  z.object({ type: z.literal('log'), level: z.enum(['info', 'warn', 'error']), message: z.string() }),
])
export type FromStudio = z.infer<typeof FromStudio>
