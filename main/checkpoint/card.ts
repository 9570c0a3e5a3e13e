import { join } from 'node:path'
import * as z from 'zod'
import { GenerationRequest, LIMITS } from '../contract/generation.ts'
import type { ModelDefaults } from '../contract/model.ts'
import { readJsonIfThere } from './json-file.ts'

const { widthPx, heightPx, steps, guidanceScale, sampler, schedule } = GenerationRequest.shape

/** The file `studio.json` beside a model's own: what its makers want the studio to call it, to say of it and to start from. */
const Card = z.looseObject({
  name: z.string().min(1).max(200).optional(),
  familyName: z.string().min(1).max(200).optional(),
  description: z.string().min(1).max(10_000).optional(),
  defaults: z.object({ widthPx, heightPx, steps, guidanceScale, sampler, schedule }).partial().optional(),
})
type Card = z.infer<typeof Card>

/**
 * A model folder's card; empty when it has none.
 * @throws StudioError checkpoint-unsupported naming the field
 */
export async function readCard(folder: string): Promise<Card> {
  return (await readJsonIfThere(join(folder, 'studio.json'), Card)) ?? {}
}

/** Where a model's fields start: its card, else the size it was trained at, else what its family likes. */
export function modelDefaults(family: ModelDefaults, nativeSizePx: number | null, card: Card = {}): ModelDefaults {
  const { min, max, multiple } = LIMITS.sizePx
  const sizePx = nativeSizePx && Math.min(max, Math.max(min, Math.round(nativeSizePx / multiple) * multiple))
  const size = sizePx === null ? {} : { widthPx: sizePx, heightPx: sizePx }
  const given = Object.entries(card.defaults ?? {}).filter(([, value]) => value !== undefined)
  return { ...family, ...size, ...(Object.fromEntries(given) as Partial<ModelDefaults>) }
}
