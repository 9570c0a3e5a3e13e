import type { Model } from '../checkpoint/checkpoint.ts'
import { modelWeights } from '../checkpoint/model-weights.ts'
import { valueCount } from '../checkpoint/tensor-index.ts'
import type { MemoryNeed } from '../contract/model.ts'

/** What the pictures on their way through a network take, by measurement, beside the weights held as float32. */
const FAST_OVERHEAD = 1.15
/** The share of the machine's memory that a model may take: the system and other programs have the rest. */
const USABLE_SHARE = 0.8

/**
 * What a model's weights take of memory, counted in the shapes that its headers state, and whether they fit.
 * @param memoryBytes what the machine has in all
 */
export function memoryNeed(model: Model, memoryBytes: number): MemoryNeed | null {
  let values = 0
  let smallBytes = 0
  for (const { shape, sizeBytes } of modelWeights(model)) {
    values += valueCount(shape)
    smallBytes += sizeBytes
  }
  if (values === 0) return null
  const fastBytes = 4 * values
  const usable = memoryBytes * USABLE_SHARE
  const fit = fastBytes * FAST_OVERHEAD <= usable ? 'fast' : smallBytes <= usable ? 'small' : 'none'
  return { fastBytes, smallBytes, fit }
}
