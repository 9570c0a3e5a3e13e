import { expect, it } from 'vitest'
import { textEncoderTensors } from '../expected/text-encoder.ts'
import type { TensorEntry, TensorIndex } from '../tensor-index.ts'
import { nameInFile } from '../weights.ts'
import { openClip, transformersClip } from './text-encoders.ts'
import type { LdmTextEncoder } from './text-encoders.ts'

const PREFIX = 'encoder.'

/** The index of a file with an encoder of these dimensions under the names of its kind. */
function indexOf(encoder: LdmTextEncoder, hiddenSize: number, layerCount: number): TensorIndex {
  const entries = new Map<string, TensorEntry>()
  const sizes = { vocabularySize: 49408, contextLength: 77, intermediateSize: 4 * hiddenSize, headCount: 1 }
  const rest = { activation: 'gelu', normEps: 1e-5, skippedLayers: 0, isContextNormed: true, projection: null } as const
  for (const [own, shape] of textEncoderTensors({ ...sizes, ...rest, hiddenSize, layerCount })) {
    const name = nameInFile(encoder.nameMap(own)[0] ?? own)
    entries.set(name, { name, dtype: 'F16', shape, file: 'model.safetensors', offset: 0, sizeBytes: 0 })
  }
  return { file: 'model.safetensors', sizeBytes: 0, entries, metadata: {} }
}

it.each([
  ['ViT-H', 1024, 24, 1],
  ['ViT-H without the layer that no one uses', 1024, 23, 0],
  ['ViT-bigG', 1280, 32, 1],
  ['ViT-bigG without the layer that no one uses', 1280, 31, 0],
])('the penultimate layer of %s is where it was in the whole', (_, hiddenSize, layerCount, skippedLayers) => {
  const encoder = openClip(PREFIX, { isPenultimate: true, isContextNormed: true })
  const config = encoder.config(indexOf(encoder, hiddenSize, layerCount))
  expect(config).toMatchObject({ hiddenSize, layerCount, skippedLayers, headCount: hiddenSize / 64 })
})

it('an encoder whose embeddings are gone is refused by the name that the file would have', () => {
  const none: TensorIndex = { file: 'model.safetensors', sizeBytes: 0, entries: new Map(), metadata: {} }
  const context = { isPenultimate: false, isContextNormed: true }
  expect(() => openClip(PREFIX, context).config(none)).toThrow('expected tensor encoder.token_embedding.weight, found')
  expect(() => transformersClip(PREFIX, context).config(none)).toThrow(
    'expected tensor encoder.text_model.embeddings.token_embedding.weight, found none',
  )
})
