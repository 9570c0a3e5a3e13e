import * as z from 'zod'
import { GenerationRequest } from './generation.ts'

/** The fields that a picture of any program can fill. */
const RECIPE_FIELDS = {
  prompt: true,
  negativePrompt: true,
  promptStyle: true,
  seed: true,
  steps: true,
  guidanceScale: true,
  widthPx: true,
  heightPx: true,
  sampler: true,
  schedule: true,
  noise: true,
  clipSkip: true,
} as const

/** What a picture says of its making, whichever program made it. */
export const Recipe = z.object({
  program: z.string(),
  /** Those that the picture tells and the studio has. */
  fields: GenerationRequest.pick(RECIPE_FIELDS).partial(),
  /** The name of its model, or of the model's file. */
  modelName: z.string().nullable(),
  /** The first digits of its file's SHA-256, in hex. */
  modelHash: z.string().nullable(),
  /** What it tells that the studio cannot take, by that program's names. */
  left: z.array(z.string()),
})
export type Recipe = z.infer<typeof Recipe>
export type RecipeFields = Recipe['fields']
