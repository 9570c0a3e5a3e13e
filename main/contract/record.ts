import * as z from 'zod'

/** What a picture goes through, in order; a difference in one goes on into all that follow. */
export const LAYERS = ['tokens', 'noise', 'schedule', 'firstStep', 'lastStep', 'pixels'] as const
export const Layer = z.enum(LAYERS)
export type Layer = z.infer<typeof Layer>

const Digest = z.string().regex(/^[0-9a-f]{64}$/)

/**
 * By what a picture can be compared with itself made again. Each layer is the SHA-256 of what was there: the token ids given
 * to the text encoders, the first noise, the levels and timesteps, the latent after the first and after the last step, the
 * pixels; a layer that a run does not have is left out.
 */
export const ReproducibilityRecord = z.object({
  layers: z.partialRecord(Layer, Digest),
  /** What computed: the runtime's provider, the processor, its instruction set, and the threads asked for. */
  provider: z.string(),
  processor: z.string(),
  architecture: z.string(),
  threads: z.int().nullable(),
})
export type ReproducibilityRecord = z.infer<typeof ReproducibilityRecord>
