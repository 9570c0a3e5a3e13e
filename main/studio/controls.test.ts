import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { ControlUse, InitImage, InputId } from '../contract/generation.ts'
import { writePicture } from '../image/picture.ts'
import { tensor } from '../tensor/tensor.ts'
import { readHints } from './controls.ts'

const [PICTURE, LARGE] = ['a'.repeat(64), 'b'.repeat(64)] as const
const CONTROL = { id: 'control', preprocessor: 'none', fit: 'crop', weight: 1, start: 0, end: 1 } as const
const MASKED: InitImage = {
  id: PICTURE,
  strength: 1,
  fit: 'crop',
  mask: { id: PICTURE, blurPx: 0, fill: 'original', paddingPx: 0 },
}

/** Writes a picture, black but for a white square of it. */
async function square(path: string, sidePx: number, from: number, to: number): Promise<void> {
  const picture = tensor([1, 3, sidePx, sidePx])
  const isInside = (at: number) => at >= from && at < to
  for (let i = 0; i < picture.data.length; i++) {
    const cell = i % sidePx ** 2
    picture.data[i] = isInside(cell % sidePx) && isInside(Math.floor(cell / sidePx)) ? 1 : -1
  }
  await writePicture(picture, path, { texts: {} })
}

/** The share of white in what is shown of each picture; both have it in the same quarter of each side. */
async function whiteOf(images: readonly InputId[], init: InitImage | null): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'controls-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const inputPaths = { [PICTURE]: join(folder, 'picture.png'), [LARGE]: join(folder, 'large.png') }
  await square(join(folder, 'picture.png'), 64, 16, 32)
  await square(join(folder, 'large.png'), 192, 48, 96)
  const hints = await readHints({
    jobId: '00000000-0000-4000-8000-000000000000',
    request: {
      model: 'any',
      prompt: '',
      negativePrompt: '',
      seed: 1,
      steps: 1,
      guidanceScale: 1,
      widthPx: 64,
      heightPx: 64,
      sampler: 'euler',
      schedule: 'normal',
      init,
      controls: images.map((image): ControlUse => ({ ...CONTROL, image })),
    },
    modelPath: '',
    inputPaths,
    partPaths: {},
    embeddings: [],
    stagingFolder: folder,
    threads: null,
    showPreviews: false,
    batchGuidance: true,
  })
  return hints.map(({ shape, data }) => {
    expect(shape).toEqual([1, 3, 64, 64])
    return data.reduce((sum, value) => sum + value, 0) / data.length
  })
}

test('a ControlNet is shown its whole picture', async () => {
  const [own = NaN, large = NaN] = await whiteOf([PICTURE, LARGE], null)
  expect(own).toBeCloseTo(1 / 16, 2)
  expect(large).toBeCloseTo(1 / 16, 2)
})

test('where only what is repainted is made, a ControlNet is shown that part of a picture of any size', async () => {
  expect(await whiteOf([PICTURE, LARGE], MASKED)).toEqual([1, 1])
})
