import * as z from 'zod'
import { GenerationRequest } from './generation.ts'

/** How a network's weights are held: as float32 laid out for the processor, or as stored and widened at each pass. */
export const MemoryUse = z.enum(['fast', 'small'])
export type MemoryUse = z.infer<typeof MemoryUse>

/** What the user may ask for; `auto` is what fits. */
export const MEMORY_CHOICES = ['auto', 'fast', 'small'] as const
export const MemoryChoice = z.enum(MEMORY_CHOICES)
export type MemoryChoice = z.infer<typeof MemoryChoice>

/** What of a run's memory decides the picture's last bits: the same again gives the same file. */
export const MemoryTrace = z.object({
  /** Of the U-Net. */
  use: MemoryUse,
  /** A side of the autoencoder's tiles; null for the whole picture at once. */
  tilePx: z.int().nullable(),
})
export type MemoryTrace = z.infer<typeof MemoryTrace>

/** What a plan depends on besides the settings. */
export const PlanInput = GenerationRequest.pick({
  model: true,
  widthPx: true,
  heightPx: true,
  guidanceScale: true,
}).extend({
  /** The run starts from a picture. */
  hasInput: z.boolean(),
})
export type PlanInput = z.infer<typeof PlanInput>

/** One network's part of a plan. */
export const PlannedNetwork = z.object({
  name: z.enum(['text encoder', 'U-Net', 'ControlNet', 'decoder', 'encoder']),
  use: MemoryUse,
  /** Of its weights as they are held. */
  weightBytes: z.number().min(0),
  /** Of what a pass adds at the picture's size. */
  passBytes: z.number().min(0),
})
export type PlannedNetwork = z.infer<typeof PlannedNetwork>

/** How a run goes about memory, decided before anything is loaded. */
export const MemoryPlan = z.object({
  ...MemoryTrace.shape,
  networks: z.array(PlannedNetwork),
  /** Networks of one stage are closed before the next stage's are opened. */
  isReleasing: z.boolean(),
  /** The most that is held at once. */
  peakBytes: z.number().min(0),
  availableBytes: z.number().min(0),
  fits: z.boolean(),
  /** All of it in words. */
  sentence: z.string(),
})
export type MemoryPlan = z.infer<typeof MemoryPlan>
