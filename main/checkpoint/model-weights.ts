import { stat } from 'node:fs/promises'
import type { Model } from './checkpoint.ts'
import type { TensorEntry } from './tensor-index.ts'

/** A weight of a model of any layout: its shape, and where it lies. */
export type ModelWeight = Pick<TensorEntry, 'shape' | 'file' | 'sizeBytes' | 'changedAt'>

/** Every weight that a model's networks use. */
export function modelWeights(model: Model): readonly ModelWeight[] {
  if (model.layout === 'onnx') {
    const { unet, decoder, encoder } = model.graphs
    const graphs = [unet, decoder, ...(encoder ? [encoder] : []), ...model.textEncoders.map(({ graph }) => graph)]
    return graphs.flatMap(({ weights }) => weights)
  }
  const others = 'labels' in model ? (model.labels === null ? [] : [model.labels]) : model.textEncoders
  const components = [model.unet, model.autoencoder, ...others]
  return components.flatMap(({ weights }) => weights.names.map((name) => weights.require(name)))
}

/** When the newest of the files of a model's weights was written, in milliseconds since 1970. */
export function writtenAt(model: Model): number {
  return modelWeights(model).reduce((newest, { changedAt = 0 }) => Math.max(newest, changedAt), 0)
}

/** Whether the files of a model's weights are as they were when it was opened: none gone, none written anew. */
export async function isAsOpened(model: Model): Promise<boolean> {
  const times = new Map(modelWeights(model).map(({ file, changedAt }) => [file, changedAt]))
  const now = await Promise.all([...times.keys()].map((file) => stat(file).catch(() => null)))
  return [...times.values()].every((time, i) => now[i]?.mtimeMs === time)
}
