import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import { writeControlNet, zeroFill } from '../checkpoint/parts/test-controlnet.ts'
import { TINY_ENCODER, writeImageEncoder, writeIpAdapter } from '../checkpoint/parts/test-image-prompt.ts'
import { SOUND_MODELS } from '../checkpoint/test-models.ts'
import type { ControlUse, GenerationRequest, ImagePrompt } from '../contract/generation.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { writePicture } from '../image/picture.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { ICON, testStudios } from './test-studio.ts'

const PICTURE = 'a'.repeat(64)
const OTHER_PICTURE = 'b'.repeat(64)
const openStudio = testStudios(onTestFinished, { steps: 4, sampler: 'euler' })
const CONTROL: ControlUse = {
  id: 'control',
  image: PICTURE,
  preprocessor: 'none',
  fit: 'stretch',
  weight: 1,
  start: 0,
  end: 1,
}
const PROMPT: ImagePrompt = { id: 'adapter', image: PICTURE, weight: 1, start: 0, end: 1 }

/** A studio over a tiny model, with folders for parts; `generate` gives the picture's values. */
async function setUp(modelPath = SOUND_MODELS.singleFile) {
  const { folder, generate: make } = await openStudio()
  const paths = Object.fromEntries(
    ['control', 'other', 'adapter', 'encoder'].map((id) => [id, join(folder, `${id}.safetensors`)]),
  )
  const inputPaths = { [PICTURE]: join(folder, 'noise.png'), [OTHER_PICTURE]: ICON }
  const generate = async (changes: Partial<GenerationRequest>, more: Partial<GenerationTask> = {}) => {
    const made = await make(modelPath, changes, { inputPaths, partPaths: paths, threads: null, ...more })
    return made.data
  }
  await writePicture(gaussianNoise(9, 0, [1, 3, 64, 64]), join(folder, 'noise.png'), { texts: {} })
  const { unet } = await openCheckpoint(modelPath)
  return { folder, generate, unet, path: (id: string) => paths[id] ?? '' }
}

test.each([
  ['Stable Diffusion 1', SOUND_MODELS.singleFile],
  ['Stable Diffusion 2', SOUND_MODELS.sd2],
  ['Stable Diffusion XL', SOUND_MODELS.sdxl],
])('a ControlNet of %s whose zero convolutions are zero changes no pixel; a trained one does', async (_, modelPath) => {
  const { generate, unet, path } = await setUp(modelPath)
  await writeControlNet(path('control'), unet, { fill: zeroFill })
  await writeControlNet(path('other'), unet)
  const without = await generate({})
  expect(await generate({ controls: [CONTROL] })).toEqual(without)
  expect(await generate({ controls: [{ ...CONTROL, id: 'other' }] })).not.toEqual(without)
  expect(await generate({})).toEqual(without)
})

test('both layouts of the same ControlNet make the same picture', async () => {
  const { generate, unet, path } = await setUp()
  await writeControlNet(path('control'), unet)
  await writeControlNet(path('other'), unet, { layout: 'diffusers' })
  const original = await generate({ controls: [CONTROL] })
  expect(await generate({ controls: [{ ...CONTROL, id: 'other' }] })).toEqual(original)
})

test('weight, shares of the steps, picture and preprocessor of a control all count', async () => {
  const { generate, unet, path } = await setUp()
  await writeControlNet(path('control'), unet)
  const made = async (change: Partial<ControlUse>) => generate({ controls: [{ ...CONTROL, ...change }] })
  const without = await generate({})
  expect(await made({ weight: 0 })).toEqual(without)
  // A step acts where it lies whole between the shares: of four none is before 0.2, and the last begins at 0.75.
  expect(await made({ end: 0.2 })).toEqual(without)
  expect(await made({ start: 0.8 })).toEqual(without)
  expect(await made({ start: 0.7 })).toEqual(await made({ start: 0.75 }))
  const different = [
    await made({}),
    await made({ weight: 0.5 }),
    await made({ start: 0.5 }),
    await made({ end: 0.5 }),
    await made({ preprocessor: 'invert' }),
    await made({ image: OTHER_PICTURE }),
  ]
  expect(new Set([without, ...different].map((picture) => picture.join())).size).toBe(7)
})

test('several controls add up, in any order, and one file can see two pictures', async () => {
  const { generate, unet, path } = await setUp()
  await writeControlNet(path('control'), unet)
  await writeControlNet(path('other'), unet, { hintWidths: [5, 6, 7, 8] })
  const second = { ...CONTROL, id: 'other', weight: 0.5 }
  const both = await generate({ controls: [CONTROL, second] })
  expect(await generate({ controls: [second, CONTROL] })).toEqual(both)
  const pictures = [
    both,
    await generate({ controls: [CONTROL] }),
    await generate({ controls: [second] }),
    await generate({ controls: [CONTROL, { ...CONTROL, image: OTHER_PICTURE }] }),
  ]
  expect(new Set(pictures.map((picture) => picture.join())).size).toBe(4)
})

test('a size that does not halve evenly takes a control too', async () => {
  const { generate, unet, path } = await setUp()
  await writeControlNet(path('control'), unet)
  await writeControlNet(path('other'), unet, { fill: zeroFill })
  const size = { widthPx: 136, heightPx: 72, steps: 1 }
  const without = await generate(size)
  expect(await generate({ ...size, controls: [{ ...CONTROL, id: 'other' }] })).toEqual(without)
  expect(await generate({ ...size, controls: [CONTROL] })).not.toEqual(without)
})

test('a control in one batch with the negative prompt and pass by pass makes the same picture but for rounding', async () => {
  const { generate, unet, path } = await setUp()
  await writeControlNet(path('control'), unet)
  const batched = await generate({ controls: [CONTROL] })
  const alone = await generate({ controls: [CONTROL] }, { batchGuidance: false })
  const largest = batched.reduce((most, value, i) => Math.max(most, Math.abs(value - (alone[i] ?? NaN))), 0)
  expect(largest).toBeLessThan(0.03)
})

test('a control of another family, or without its picture, says so', async () => {
  const { generate, path } = await setUp()
  const sdxl = await openCheckpoint(SOUND_MODELS.sdxl)
  await writeControlNet(path('control'), sdxl.unet)
  await expect(generate({ controls: [CONTROL] })).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    field: 'controls',
  })
  const { generate: other, unet, path: otherPath } = await setUp()
  await writeControlNet(otherPath('control'), unet)
  const unknown = { ...CONTROL, image: 'c'.repeat(64) }
  await expect(other({ controls: [unknown] })).rejects.toMatchObject({ code: 'not-found' })
})

const LINEAR = { kind: 'linear', inSize: 6, tokens: 4 } as const
const FULL = { kind: 'mlp', inSize: 16, hiddenSize: 20 } as const

test('a picture that prompts: its weight, shares of the steps, what it shows, and how it is seen all count', async () => {
  const { generate, unet, path } = await setUp()
  const { crossAttentionDim } = unet.config
  await writeImageEncoder(path('encoder'))
  await writeIpAdapter(path('adapter'), { projection: LINEAR, crossAttentionDim }, unet.config)
  await writeIpAdapter(path('other'), { projection: FULL, crossAttentionDim }, unet.config)
  const made = async (...prompts: Partial<ImagePrompt>[]) =>
    generate(
      { imagePrompts: prompts.map((change) => ({ ...PROMPT, ...change })) },
      { imageEncoders: [path('encoder')] },
    )
  const without = await generate({})
  expect(await made({ weight: 0 })).toEqual(without)
  expect(await made({ end: 0.2 })).toEqual(without)
  const pictures = [
    await made({}),
    await made({ weight: 0.5 }),
    await made({ start: 0.5 }),
    await made({ image: OTHER_PICTURE }),
    await made({ id: 'other' }),
    await made({}, { id: 'other', image: OTHER_PICTURE }),
  ]
  expect(new Set([without, ...pictures].map((picture) => picture.join())).size).toBe(7)
  expect(await made({})).toEqual(pictures[0])
})

test('an adapter of SD XL prompts beside a control', async () => {
  const { generate, unet, path } = await setUp(SOUND_MODELS.sdxl)
  const { crossAttentionDim } = unet.config
  await writeImageEncoder(path('encoder'))
  await writeIpAdapter(path('adapter'), { projection: LINEAR, crossAttentionDim }, unet.config)
  await writeControlNet(path('control'), unet)
  const imageEncoders = [path('encoder')]
  const pictures = [
    await generate({}),
    await generate({ controls: [CONTROL] }),
    await generate({ imagePrompts: [PROMPT] }, { imageEncoders }),
    await generate({ imagePrompts: [PROMPT], controls: [CONTROL] }, { imageEncoders }),
  ]
  expect(new Set(pictures.map((picture) => picture.join())).size).toBe(4)
})

test('the image encoder is found beside the adapter too, and a missing one is named', async () => {
  const { folder, generate, unet, path } = await setUp()
  const { crossAttentionDim } = unet.config
  await writeIpAdapter(path('adapter'), { projection: LINEAR, crossAttentionDim }, unet.config)
  const request = { imagePrompts: [PROMPT] }
  await expect(generate(request)).rejects.toMatchObject({
    code: 'model-missing',
    field: 'imagePrompts',
    message: expect.stringMatching(/expected the image encoder .* whose embedding is 6 wide, found none/) as string,
  })
  const wide = { ...TINY_ENCODER, projection: { size: 7, isTransposed: false } }
  await writeImageEncoder(path('encoder'), wide)
  await expect(generate(request, { imageEncoders: [path('encoder')] })).rejects.toThrow(
    /found .*embedding 7, layers 16/,
  )
  await writeImageEncoder(path('encoder'))
  const fromLibrary = await generate(request, { imageEncoders: [path('encoder')] })
  await mkdir(join(folder, 'image_encoder'))
  await rename(path('encoder'), join(folder, 'image_encoder/model.safetensors'))
  expect(await generate(request)).toEqual(fromLibrary)
})
