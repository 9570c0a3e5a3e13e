import type { Model } from '../checkpoint/checkpoint.ts'
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
  for (const { shape, sizeBytes } of weightsOf(model)) {
    values += shape.reduce((product, dimension) => product * dimension, 1)
    smallBytes += sizeBytes
  }
  if (values === 0) return null
  const fastBytes = 4 * values
  const usable = memoryBytes * USABLE_SHARE
  const fit = fastBytes * FAST_OVERHEAD <= usable ? 'fast' : smallBytes <= usable ? 'small' : 'none'
  return { fastBytes, smallBytes, fit }
}

interface Weight {
  readonly shape: readonly number[]
  readonly sizeBytes: number
}

/** Every weight that the model's networks use. */
function weightsOf(model: Model): readonly Weight[] {
  if (model.layout === 'onnx') {
    const { unet, decoder, encoder } = model.graphs
    const graphs = [unet, decoder, ...(encoder ? [encoder] : []), ...model.textEncoders.map(({ graph }) => graph)]
    return graphs.flatMap(({ weights }) => weights)
  }
  const others = 'labels' in model ? (model.labels === null ? [] : [model.labels]) : model.textEncoders
  const components = [model.unet, model.autoencoder, ...others]
  return components.flatMap(({ weights }) => weights.names.map((name) => weights.require(name)))
}
