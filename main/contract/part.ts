import * as z from 'zod'
import { ModelId } from './generation.ts'

/** Files of weights that are no model of their own and join one. */
export const PART_KINDS = ['autoencoder', 'lora', 'embedding', 'controlnet', 'ip-adapter', 'image-encoder'] as const
export const PartKind = z.enum(PART_KINDS)
export type PartKind = z.infer<typeof PartKind>

/** A part of the library. `problem` says, in a sentence, why one that was found cannot be used. */
export const PartSummary = z.object({
  id: ModelId,
  kind: PartKind,
  /** An embedding is called by it in the prompt. */
  name: z.string(),
  path: z.string(),
  /** Ids of the model families that it fits; empty where its file does not tell. */
  families: z.array(z.string()),
  sizeBytes: z.int(),
  /** Words of its own that wake it in a prompt. */
  triggerWords: z.array(z.string()),
  description: z.string().nullable(),
  hasThumbnail: z.boolean(),
  /** In hex, once it has been read through. */
  sha256: z.string().nullable(),
  problem: z.string().nullable(),
})
export type PartSummary = z.infer<typeof PartSummary>
