import * as z from 'zod'
import { ModelId } from './generation.ts'
import { libraryFacts, ModelDefaults } from './model.ts'

/** Files of weights that are no model of their own and join one. */
export const PART_KINDS = [
  'autoencoder',
  'lora',
  'embedding',
  'controlnet',
  'ip-adapter',
  'image-encoder',
  'unet',
] as const
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
  /** The weight its maker or owner likes it at; null where nobody said. */
  preferredWeight: z.number().nullable(),
  /** What its name or metadata suggest of few-step distillation; absent where nothing does. */
  hint: z.string().optional(),
  /** Where the fields of a model start that it joins, where it was distilled. */
  defaults: ModelDefaults.partial().optional(),
  ...libraryFacts,
  problem: z.string().nullable(),
})
export type PartSummary = z.infer<typeof PartSummary>
