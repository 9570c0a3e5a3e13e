import { createHash } from 'node:crypto'
import type { ModelId } from '../contract/generation.ts'

export const BUILT_IN_ID: ModelId = 'starter'

/** A model's id from its absolute path: readable, stable while it lies there, and its own. */
export function modelId(path: string, name: string): ModelId {
  const words = name.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '')
  const slug = words
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60)
  const digest = createHash('sha256').update(path).digest('hex').slice(0, 12)
  return slug === '' ? `model-${digest}` : `${slug}-${digest}`
}
