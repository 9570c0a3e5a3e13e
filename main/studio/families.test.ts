import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import { pictureTensor } from '../image/picture.ts'
import { Studio } from './studio.ts'
import { writeDiffusersFolder } from './test-folders.ts'

const PROJECT = join(import.meta.dirname, '../..')
const VOCABULARIES = join(PROJECT, 'resources/vocabularies')
const FIXTURES = join(PROJECT, 'bench/parity/fixtures')
const SIZE = { widthPx: 128, heightPx: 64 }
const REQUEST: GenerationRequest = {
  model: 'any',
  prompt: 'a red cat sitting on a green sofa',
  negativePrompt: 'blurry',
  seed: 1,
  steps: 2,
  guidanceScale: 5,
  sampler: 'dpmpp-2m',
  schedule: 'karras',
  init: null,
  ...SIZE,
}

async function world() {
  const folder = await mkdtemp(join(tmpdir(), 'families-'))
  const studio = new Studio({ vocabulariesFolder: VOCABULARIES, appVersion: '0.0.0' })
  onTestFinished(async () => {
    await studio.release()
    await rm(folder, { recursive: true, force: true })
  })
  const generate = async (modelPath: string, changes: Partial<GenerationRequest> = {}) => {
    const result = await studio.generate(
      {
        jobId: randomUUID(),
        request: { ...REQUEST, ...changes },
        modelPath,
        inputPaths: {},
        partPaths: {},
        embeddings: [],
        stagingFolder: folder,
        threads: null,
        showPreviews: true,
        batchGuidance: true,
      },
      {
        signal: new AbortController().signal,
        onProgress: () => undefined,
        onPreview: () => undefined,
        logger: console,
      },
    )
    const { data } = await pictureTensor(join(folder, result.pictureName), { ...SIZE, fit: 'crop' })
    return { ...result, data }
  }
  return { folder, generate }
}

test.each([
  ['tiny-sd2-ldm', 'sd2', 'v'],
  ['tiny-sdxl', 'sdxl', 'epsilon'],
])('%s makes the same picture from its single file and as a diffusers folder', async (name, family, predictionType) => {
  const { folder, generate } = await world()
  const file = join(FIXTURES, name, 'model.safetensors')
  const copy = join(folder, 'model')
  await writeDiffusersFolder(await openCheckpoint(file), copy, join(VOCABULARIES, 'clip-merges.txt'))
  const [fromFile, fromFolder] = [await generate(file), await generate(copy)]
  expect(fromFile.origin).toMatchObject({ family, predictionType })
  expect(fromFolder.origin).toMatchObject({ family, predictionType })
  expect(fromFolder.data).toEqual(fromFile.data)
})

test('a picture of SD XL heeds its prompt, without guidance and with a prompt of several chunks too', async () => {
  const { generate } = await world()
  const file = join(FIXTURES, 'tiny-sdxl/model.safetensors')
  const pictures = [
    await generate(file, { guidanceScale: 1 }),
    await generate(file, { guidanceScale: 1, prompt: 'a blue bird' }),
    await generate(file, { prompt: 'a blue bird, '.repeat(30) }),
  ]
  expect(new Set(pictures.map(({ data }) => data.join())).size).toBe(3)
})
