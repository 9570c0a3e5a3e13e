import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '../contract/failure.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import type { GenerationResult, GenerationTask } from '../contract/studio.ts'
import { pictureTensor } from '../image/picture.ts'
import { Studio } from './studio.ts'
import type { GenerateContext } from './studio.ts'

const RESOURCES = join(import.meta.dirname, '../../resources')
export const VOCABULARIES = join(RESOURCES, 'vocabularies')
/** A picture that is there. */
export const ICON = join(RESOURCES, 'icons/icon.png')
export const QUIET: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

const REQUEST: GenerationRequest = {
  model: 'any',
  prompt: 'a red cat',
  negativePrompt: 'blurry',
  seed: 1,
  steps: 2,
  guidanceScale: 5,
  widthPx: 64,
  heightPx: 64,
  sampler: 'ddim',
  schedule: 'normal',
  init: null,
}

interface Made extends GenerationResult {
  readonly file: string
  /** Of the picture, [1, 3, h, w] in [-1, 1]. */
  readonly data: Float32Array
}

interface TestStudio {
  /** Where pictures are written. */
  readonly folder: string
  readonly generate: (
    modelPath: string,
    changes?: Partial<GenerationRequest>,
    more?: Partial<GenerationTask & GenerateContext>,
  ) => Promise<Made>
}

/**
 * Studios with a folder of their own, which end with the test: `onTestFinished` is Vitest's.
 * @param usual what the requests of a test file have otherwise
 */
export function testStudios(
  onTestFinished: (clean: () => Promise<void>) => void,
  usual: Partial<GenerationRequest> = {},
): () => Promise<TestStudio> {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'studio-test-'))
    const studio = new Studio({ vocabulariesFolder: VOCABULARIES, appVersion: '0.0.0' })
    onTestFinished(async () => {
      await studio.release()
      await rm(folder, { recursive: true, force: true })
    })
    const generate: TestStudio['generate'] = async (modelPath, changes = {}, more = {}) => {
      const {
        signal = new AbortController().signal,
        onProgress = none,
        onPreview = none,
        logger = QUIET,
        ...own
      } = more
      const task: GenerationTask = {
        jobId: randomUUID(),
        modelPath,
        inputPaths: {},
        partPaths: {},
        embeddings: [],
        stagingFolder: folder,
        threads: 1,
        showPreviews: false,
        batchGuidance: true,
        ...own,
        request: { ...REQUEST, ...usual, ...changes },
      }
      const result = await studio.generate(task, { signal, onProgress, onPreview, logger })
      const { pictureName, widthPx, heightPx } = result
      const file = join(folder, pictureName)
      const { data } = await pictureTensor(file, { widthPx, heightPx, fit: 'stretch' })
      return { ...result, file, data }
    }
    return { folder, generate }
  }
}

function none(): void {
  // Nothing is told.
}
