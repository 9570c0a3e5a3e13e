import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { editTensors, SOUND_MODELS, testModels, widenInput } from '../checkpoint/test-models.ts'
import type { FitMode, GenerationRequest, Mask } from '../contract/generation.ts'
import { pictureTensor, writePicture } from '../image/picture.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { clamped } from '../tensor/arithmetic.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { testStudios } from './test-studio.ts'

const PICTURE = 'a'.repeat(64)
const MASK = 'b'.repeat(64)
const HARD: Mask = { id: MASK, blurPx: 0, fill: 'original', paddingPx: null }

const { temporaryFolder } = testModels(onTestFinished)
const openStudio = testStudios(onTestFinished, { prompt: 'a red apple', negativePrompt: '', seed: 8, guidanceScale: 2 })

interface Rectangle {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** A noisy picture of a size, a mask over a rectangle of it, and runs of a model over both. */
async function world(modelPath: string, [widthPx, heightPx] = [64, 64] as [number, number], hole = CENTRE) {
  const { folder, generate: make } = await openStudio()
  const paths = { [PICTURE]: join(folder, 'picture.png'), [MASK]: join(folder, 'mask.png') }
  const picture = clamped(gaussianNoise(5, 0, [1, 3, heightPx, widthPx]), 1)
  await writePicture(picture, join(folder, 'picture.png'), { texts: {} })
  await writePicture(masking(widthPx, heightPx, hole), join(folder, 'mask.png'), { texts: {} })
  const generate = (changes: Partial<GenerationRequest>) => make(modelPath, changes, { inputPaths: paths })
  /** The result as [1, 3, h, w], and the input picture at the same size. */
  const compare = async (changes: Partial<GenerationRequest>, fit: FitMode = 'stretch') => {
    const { widthPx: width, heightPx: height, data } = await generate(changes)
    return {
      made: tensor([1, 3, height, width], data),
      input: await pictureTensor(join(folder, 'picture.png'), { widthPx: width, heightPx: height, fit }),
    }
  }
  return { generate, compare, folder }
}

const CENTRE: Rectangle = { left: 16, top: 16, right: 40, bottom: 48 }

function masking(widthPx: number, heightPx: number, hole: Rectangle): Tensor {
  const mask = tensor([1, 3, heightPx, widthPx])
  return tensor(
    mask.shape,
    mask.data.map((_, i) => (isIn(hole, i % widthPx, Math.floor(i / widthPx) % heightPx) ? 1 : -1)),
  )
}

function isIn({ left, top, right, bottom }: Rectangle, x: number, y: number): boolean {
  return x >= left && x < right && y >= top && y < bottom
}

/** Of all values, how many differ inside a rectangle and outside. */
function changed(
  { made, input }: { made: Tensor; input: Tensor },
  hole: Rectangle,
): { inside: number; outside: number } {
  const [, , heightPx = 0, widthPx = 0] = made.shape
  expect(input.shape).toEqual(made.shape)
  const counts = { inside: 0, outside: 0 }
  for (const [i, value] of made.data.entries()) {
    if (value === input.data[i]) continue
    counts[isIn(hole, i % widthPx, Math.floor(i / widthPx) % heightPx) ? 'inside' : 'outside']++
  }
  return counts
}

/** A copy of the single-file model whose U-Net takes more channels than the latent's. */
async function widened(folder: string, channels: number): Promise<string> {
  const path = join(folder, `model-${channels}.safetensors`)
  await cp(SOUND_MODELS.singleFile, path)
  await editTensors(path, (tensors) => {
    widenInput(tensors, channels)
  })
  return path
}

describe('a mask with an ordinary model', () => {
  test.each(['original', 'noise'] as const)(
    'keeps the picture’s pixels and repaints the others, filled with %s',
    async (fill) => {
      const { compare } = await world(SOUND_MODELS.singleFile)
      const init = { id: PICTURE, strength: 1, fit: 'crop', mask: { ...HARD, fill } } as const
      const { inside, outside } = changed(await compare({ init }), CENTRE)
      expect(outside).toBe(0)
      expect(inside).toBeGreaterThan(3 * 24 * 32 * 0.9)
    },
  )

  test.each(['crop', 'contain', 'stretch'] as const)('is fitted as its picture is: %s', async (fit) => {
    const { compare } = await world(SOUND_MODELS.singleFile, [96, 64], { left: 36, top: 20, right: 60, bottom: 44 })
    const init = { id: PICTURE, strength: 1, fit, mask: HARD } as const
    const where = {
      crop: { left: 20, top: 20, right: 44, bottom: 44 },
      contain: { left: 23, top: 23, right: 41, bottom: 41 },
      stretch: { left: 23, top: 19, right: 41, bottom: 45 },
    }[fit]
    const { inside, outside } = changed(await compare({ init }, fit), where)
    expect(outside).toBe(0)
    expect(inside).toBeGreaterThan(3 * 16 * 16 * 0.9)
  })

  test('whose edge is soft mixes there, and far from it keeps', async () => {
    const { compare } = await world(SOUND_MODELS.singleFile)
    const init = { id: PICTURE, strength: 1, fit: 'crop', mask: { ...HARD, blurPx: 2 } } as const
    const result = await compare({ init })
    expect(changed(result, CENTRE).outside).toBeGreaterThan(0)
    expect(changed(result, { left: 4, top: 4, right: 52, bottom: 60 }).outside).toBe(0)
  })

  test('with padding makes the area alone, at the requested size, in a picture that keeps its own', async () => {
    const hole = { left: 100, top: 30, right: 130, bottom: 60 }
    const { compare, generate } = await world(SOUND_MODELS.singleFile, [200, 90], hole)
    const init = { id: PICTURE, strength: 1, fit: 'crop', mask: { ...HARD, paddingPx: 8 } } as const
    expect(await generate({ init })).toMatchObject({ widthPx: 200, heightPx: 90 })
    const { inside, outside } = changed(await compare({ init }), hole)
    expect(outside).toBe(0)
    expect(inside).toBeGreaterThan(3 * 30 * 30 * 0.9)
  })

  test('that is black is refused, naming the field', async () => {
    const { generate } = await world(SOUND_MODELS.singleFile, [64, 64], { left: 0, top: 0, right: 0, bottom: 0 })
    const run = generate({ init: { id: PICTURE, strength: 1, fit: 'crop', mask: HARD } })
    await expect(run).rejects.toMatchObject({ code: 'invalid-request', field: 'init.mask' })
  })
})

describe('an inpainting model', () => {
  test('keeps the picture’s pixels and repaints the others', async () => {
    const { compare } = await world(await widened(await temporaryFolder(), 9))
    const init = { id: PICTURE, strength: 1, fit: 'crop', mask: HARD } as const
    const { inside, outside } = changed(await compare({ init }), CENTRE)
    expect(outside).toBe(0)
    expect(inside).toBeGreaterThan(3 * 24 * 32 * 0.9)
  })

  test('makes a whole picture without one', async () => {
    const { generate } = await world(await widened(await temporaryFolder(), 9))
    expect(await generate({ init: null })).toMatchObject({ widthPx: 64, heightPx: 64 })
    expect(await generate({ init: { id: PICTURE, strength: 0.5, fit: 'crop' } })).toMatchObject({ widthPx: 64 })
  })
})

describe('a model that edits by instructions', () => {
  test('heeds both scales and the picture', async () => {
    const { compare } = await world(await widened(await temporaryFolder(), 8))
    const init = { id: PICTURE, strength: 1, fit: 'crop' } as const
    const made = async (changes: Partial<GenerationRequest>) => (await compare({ init, ...changes })).made.data.join()
    const pictures = [
      await made({}),
      await made({ imageGuidanceScale: 4 }),
      await made({ guidanceScale: 6 }),
      await made({ prompt: 'a blue bird' }),
      await made({ init: { ...init, strength: 0.5 } }),
    ]
    expect(new Set(pictures).size).toBe(pictures.length)
    expect(await made({ imageGuidanceScale: 1.5 })).toBe(pictures[0])
  })

  test('asks for a picture', async () => {
    const { generate } = await world(await widened(await temporaryFolder(), 8))
    await expect(generate({ init: null })).rejects.toMatchObject({ code: 'invalid-request', field: 'init' })
  })
})
