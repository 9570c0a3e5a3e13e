import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { SOUND_MODELS } from '../checkpoint/test-models.ts'
import type { CheckpointOverrides } from '../checkpoint/open.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { encodePrompt } from '../text/conditioning.ts'
import type { EncodedPrompt } from '../text/conditioning.ts'
import { LoadedModel } from './loaded-model.ts'

export const LOAD = { threads: 1, vocabulariesFolder: resolve(import.meta.dirname, '../../resources/vocabularies') }
export const SDXL_HEADS: CheckpointOverrides = { textEncoders: [{ headCount: 2 }, { headCount: 4 }] }

interface JoiningModel {
  readonly model: LoadedModel
  join(changes: Partial<GenerationRequest>, more?: Partial<GenerationTask>): Promise<void>
  encoded(text: string): Promise<EncodedPrompt>
  predicted(): Promise<Tensor>
  decoded(): Promise<Tensor>
  /** Whether it was open before it was asked for. */
  isTextEncoderOpen(): Promise<boolean>
}

/** A model, and what it makes once a request has joined it. */
export async function testModel(
  path = SOUND_MODELS.singleFile,
  overrides: CheckpointOverrides = {},
): Promise<JoiningModel> {
  const model = await LoadedModel.open(path, LOAD, overrides)
  onTestFinished(() => model.release())
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const join = (changes: Partial<GenerationRequest>, more: Partial<GenerationTask> = {}) =>
    model.join({ ...TASK, ...more, request: { ...TASK.request, ...changes } }, logger)
  const encoded = async (text: string): Promise<EncodedPrompt> => encodePrompt(await model.promptEncoders(), text)
  const predicted = async (): Promise<Tensor> => {
    const { context } = await encoded('a red apple')
    return (await model.unet())(
      gaussianNoise(1, 0, [1, 4, 8, 8]),
      [400],
      { context, vector: null },
      { step: 0, steps: 1 },
    )
  }
  // Of one that is open nothing is read.
  const isTextEncoderOpen = async () => {
    let isRead = false
    await model.openTextEncoder(0, () => (isRead = true))
    return !isRead
  }
  const decoded = async () => (await model.decoder())(gaussianNoise(2, 0, [1, 4, 8, 8]))
  return { model, join, encoded, predicted, decoded, isTextEncoderOpen }
}

export const TASK: GenerationTask = {
  jobId: '00000000-0000-4000-8000-000000000000',
  request: {
    model: 'tiny',
    prompt: '',
    negativePrompt: '',
    seed: 1,
    steps: 1,
    guidanceScale: 1,
    widthPx: 64,
    heightPx: 64,
    sampler: 'ddim',
    schedule: 'normal',
    init: null,
  },
  modelPath: SOUND_MODELS.singleFile,
  inputPaths: {},
  partPaths: {},
  embeddings: [],
  stagingFolder: '',
  threads: 1,
  showPreviews: false,
  batchGuidance: true,
}
