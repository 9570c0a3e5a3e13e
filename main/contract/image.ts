import * as z from 'zod'
import { GenerationRequest, InputId, PredictionType } from './generation.ts'
import { ReproducibilityRecord } from './record.ts'
import { MemoryTrace } from './memory.ts'

export const ImageId = z.uuid()
export type ImageId = z.infer<typeof ImageId>

/** What the picture was made with beyond the request. It lies in the file, so it holds nothing that differs from run to run. */
export const ImageOrigin = z.object({
  modelName: z.string(),
  family: z.string(),
  predictionType: PredictionType,
  appVersion: z.string(),
  runtime: z.string(),
  /** Absent of pictures made before it was kept. */
  record: ReproducibilityRecord.optional(),
  /** Absent of pictures made before it was noted. */
  memory: MemoryTrace.optional(),
})
export type ImageOrigin = z.infer<typeof ImageOrigin>

/** One picture of the gallery. `fileName` is relative to the gallery's folder, with forward slashes. */
export const ImageRecord = z.object({
  id: ImageId,
  fileName: z.string(),
  createdAt: z.int(),
  widthPx: z.int(),
  heightPx: z.int(),
  sizeBytes: z.int(),
  request: GenerationRequest,
  origin: ImageOrigin,
  /** How long it took; null for a picture that was found as a file. */
  durationMs: z.number().min(0).nullable(),
  isStarred: z.boolean(),
  trashedAt: z.int().nullable(),
})
export type ImageRecord = z.infer<typeof ImageRecord>

export const GalleryFilter = z.object({
  /** Words the prompt must contain, each a prefix; empty matches all. */
  text: z.string().max(1000),
  starredOnly: z.boolean(),
  order: z.enum(['newest', 'oldest']),
})
export type GalleryFilter = z.infer<typeof GalleryFilter>

export const GalleryChange = z.object({
  added: z.array(ImageId),
  changed: z.array(ImageId),
  removed: z.array(ImageId),
})
export type GalleryChange = z.infer<typeof GalleryChange>

/** An input picture the studio keeps, by content. */
export const InputImage = z.object({ id: InputId, widthPx: z.int(), heightPx: z.int() })
export type InputImage = z.infer<typeof InputImage>
