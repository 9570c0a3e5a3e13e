import { resolve } from 'node:path'
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
  readonly join: (changes: Partial<GenerationRequest>, more?: Partial<GenerationTask>) => Promise<void>
  readonly encoded: (text: string) => Promise<EncodedPrompt>
  readonly predicted: () => Promise<Tensor>
  readonly decoded: () => Promise<Tensor>
  /** Whether it was open before it was asked for. */
  readonly isTextEncoderOpen: () => Promise<boolean>
}

/** Opens a model, and says what it makes once a request has joined it; `onTestFinished` is Vitest's, and closes it again. */
export function joiningModels(
  onTestFinished: (clean: () => Promise<void>) => void,
): (path?: string, overrides?: CheckpointOverrides) => Promise<JoiningModel> {
  return async (path = SOUND_MODELS.singleFile, overrides = {}) => {
    const model = await LoadedModel.open(path, LOAD, overrides)
    onTestFinished(() => model.release())
    return joining(model)
  }
}

function joining(model: LoadedModel): JoiningModel {
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const encoded = async (text: string) => encodePrompt(await model.promptEncoders(), text)
  return {
    model,
    join: (changes, more = {}) => model.join({ ...TASK, ...more, request: { ...TASK.request, ...changes } }, logger),
    encoded,
    async predicted() {
      const { context } = await encoded('a red apple')
      const network = await model.unet()
      return network(gaussianNoise(1, 0, [1, 4, 8, 8]), [400], { context, vector: null }, { step: 0, steps: 1 })
    },
    decoded: async () => (await model.decoder())(gaussianNoise(2, 0, [1, 4, 8, 8])),
    async isTextEncoderOpen() {
      // Of one that is open nothing is read.
      let isRead = false
      await model.openTextEncoder(0, () => (isRead = true))
      return !isRead
    },
  }
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
