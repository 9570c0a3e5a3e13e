import { expect, it } from 'vitest'
import type { TensorIndex } from '../tensor-index.ts'
import { statedPredictionType } from './diffusion.ts'
import type { Sidecar } from './sidecar.ts'

const SILENT: Sidecar = {
  scaleFactor: null,
  betaStart: null,
  betaEnd: null,
  trainTimesteps: null,
  predictionType: null,
  headCount: null,
  headWidth: null,
  latentSize: null,
}

function indexOf(metadata: Record<string, string>, ...names: string[]): TensorIndex {
  const entry = { dtype: 'F32', shape: [0], file: 'model.safetensors', offset: 0, sizeBytes: 0 } as const
  const entries = new Map(names.map((name) => [name, { ...entry, name }]))
  return { file: 'model.safetensors', sizeBytes: 0, entries, metadata }
}

it.each([
  ['nothing', indexOf({}), SILENT, null],
  ['the configuration beside the file', indexOf({}, 'v_pred'), { ...SILENT, predictionType: 'epsilon' }, 'epsilon'],
  ['a trainer’s mark', indexOf({ 'modelspec.prediction_type': 'epsilon' }, 'v_pred'), SILENT, 'v'],
  ['the metadata', indexOf({ 'modelspec.prediction_type': 'v' }), SILENT, 'v'],
  ['the metadata', indexOf({ 'modelspec.prediction_type': 'epsilon' }), SILENT, 'epsilon'],
  ['metadata in other words', indexOf({ 'modelspec.prediction_type': 'x0' }), SILENT, null],
] as const)('%s says what the network predicts', (_, index, sidecar, expected) => {
  expect(statedPredictionType(index, sidecar)).toBe(expected)
})
