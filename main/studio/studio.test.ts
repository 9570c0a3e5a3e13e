import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SOUND_MODELS } from '../checkpoint/test-models.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import type { Progress } from '../contract/job.ts'
import { pictureTensor, readPicture } from '../image/picture.ts'
import { testStudios } from './test-studio.ts'

const INPUT = '0'.repeat(64)
const openStudio = testStudios(onTestFinished, {
  prompt: 'a red apple',
  negativePrompt: '',
  seed: 8,
  steps: 4,
  guidanceScale: 4,
  widthPx: 128,
  heightPx: 128,
})

/** A studio over the built-in model and an empty staging folder. */
async function testStudio() {
  const { folder: stagingFolder, generate: make } = await openStudio()
  const generate = (changes: Partial<GenerationRequest>, more: Parameters<typeof make>[2] = {}) =>
    make(SOUND_MODELS.starter, changes, { threads: null, ...more })
  return { generate, stagingFolder }
}

test('the same request is the same file, byte for byte, with previews or without', async () => {
  const { generate } = await testStudio()
  const first = await readFile((await generate({})).file)
  const again = await readFile((await generate({}, { showPreviews: true })).file)
  const other = await readFile((await generate({ seed: 9 })).file)
  expect(again.equals(first)).toBe(true)
  expect(other.equals(first)).toBe(false)
})

test('every stage is told in order, each step once, and time left after the first', async () => {
  const { generate } = await testStudio()
  const told: Progress[] = []
  const previews: number[] = []
  await generate(
    {},
    { showPreviews: true, onProgress: (progress) => told.push(progress), onPreview: (step) => previews.push(step) },
  )
  expect([...new Set(told.map(({ stage }) => stage))]).toEqual([
    'loading',
    'encoding',
    'denoising',
    'decoding',
    'saving',
  ])
  const denoising = told.filter(({ stage }) => stage === 'denoising')
  expect(denoising.map(({ step, steps }) => `${step}/${steps}`)).toEqual(['0/4', '1/4', '2/4', '3/4', '4/4'])
  expect(denoising[0]?.secondsLeft).toBeNull()
  expect(denoising.at(-1)?.secondsLeft).toBe(0)
  expect(previews).toEqual([1, 2, 3, 4])
})

test('a cancelled run ends before its next step and leaves no file', async () => {
  const { generate, stagingFolder } = await testStudio()
  const controller = new AbortController()
  const steps: number[] = []
  const run = generate(
    { steps: 50 },
    {
      signal: controller.signal,
      onProgress: ({ step }) => {
        steps.push(step)
        if (step === 2) controller.abort()
      },
    },
  )
  await expect(run).rejects.toMatchObject({ code: 'cancelled' })
  expect(Math.max(...steps)).toBe(2)
  expect(await readdir(stagingFolder)).toEqual([])
})

test('any size in latent cells will do, also one that does not halve evenly', async () => {
  const { generate } = await testStudio()
  const { file } = await generate({ widthPx: 136, heightPx: 72, steps: 1 })
  expect(await readPicture(file)).toMatchObject({ widthPx: 136, heightPx: 72 })
})

test('a prompt longer than the text encoder takes goes in chunks, and its end still counts', async () => {
  const { generate } = await testStudio()
  const long = Array.from({ length: 40 }, () => 'a red apple').join(' ')
  const first = await readFile((await generate({ prompt: `${long} on a blue background`, steps: 2 })).file)
  const other = await readFile((await generate({ prompt: `${long} on a yellow background`, steps: 2 })).file)
  expect(other.equals(first)).toBe(false)
})

test('guidance in one batch and in two passes make the same picture but for rounding; without guidance it is another', async () => {
  const { generate } = await testStudio()
  const batched = await generate({})
  const twoPasses = await generate({}, { batchGuidance: false })
  const unguided = await generate({ guidanceScale: 1 })
  expect(await meanDifference(twoPasses.file, batched.file)).toBeLessThan(0.005)
  expect(await meanDifference(unguided.file, batched.file)).toBeGreaterThan(0.02)
})

test('weights held in either way make the same picture but for rounding, and the picture tells which it was', async () => {
  const { generate } = await testStudio()
  const [fast, small] = [await generate({}, { memoryUse: 'fast' }), await generate({}, { memoryUse: 'small' })]
  expect(fast.origin.memory).toEqual({ use: 'fast', tilePx: null })
  expect(small.origin.memory).toEqual({ use: 'small', tilePx: null })
  expect(await meanDifference(fast.file, small.file)).toBeLessThan(0.005)
})

test('a low strength stays near the input picture, a high one leaves it', async () => {
  const { generate } = await testStudio()
  const { file } = await generate({ steps: 10 })
  const distance = async (strength: number) => {
    const init = { id: INPUT, strength, fit: 'crop' } as const
    const made = await generate(
      { steps: 10, prompt: 'a penguin on a green background', init },
      { inputPaths: { [INPUT]: file } },
    )
    return meanDifference(made.file, file)
  }
  expect(await distance(0.1)).toBeLessThan((await distance(0.9)) / 2)
})

async function meanDifference(a: string, b: string): Promise<number> {
  const size = { widthPx: 128, heightPx: 128, fit: 'stretch' } as const
  const [first, second] = [await pictureTensor(a, size), await pictureTensor(b, size)]
  return first.data.reduce((sum, value, i) => sum + Math.abs(value - (second.data[i] ?? 0)), 0) / first.data.length
}

test('a picture at full strength is a start from noise alone', async () => {
  const { generate } = await testStudio()
  const words = await generate({ seed: 3 })
  const init = { id: INPUT, strength: 1, fit: 'crop' } as const
  const start = await generate({ seed: 4 })
  const made = await generate({ seed: 3, init }, { inputPaths: { [INPUT]: start.file } })
  expect(await meanDifference(made.file, words.file)).toBe(0)
})

test('a run that was broken off goes on to the same bytes, for every kind of memory that a sampler has', async () => {
  for (const sampler of ['euler-ancestral', 'dpmpp-2m', 'plms'] as const) {
    const { generate, stagingFolder } = await testStudio()
    const request = { sampler, steps: 5 }
    const whole = await readFile((await generate(request)).file)
    const statePath = join(stagingFolder, 'state.safetensors')
    const broken = new AbortController()
    const breakOff = ({ step }: Progress) => {
      if (step === 3) broken.abort()
    }
    await expect(generate(request, { statePath, signal: broken.signal, onProgress: breakOff })).rejects.toMatchObject({
      code: 'cancelled',
    })
    const steps: number[] = []
    const again = await generate(request, {
      statePath,
      onProgress: ({ stage, step }) => {
        if (stage === 'denoising') steps.push(step)
      },
    })
    // The first steps fall within the moment in which the disk is spared.
    expect(steps[0]).toBeGreaterThan(0)
    expect((await readFile(again.file)).equals(whole)).toBe(true)
  }
})

test('what the request asks of its sampler and its noise changes the picture, and off is off', async () => {
  const { generate } = await testStudio()
  const bytes = async (changes: Partial<GenerationRequest>) =>
    readFile((await generate({ sampler: 'euler', steps: 3, ...changes })).file)
  const pixels = async (changes: Partial<GenerationRequest>) =>
    meanDifference((await generate({ sampler: 'euler', steps: 3, ...changes })).file, plain.file)
  const plain = await generate({ sampler: 'euler', steps: 3 })
  expect(await pixels({ sampling: { churn: { amount: 0 } } })).toBe(0)
  expect(await pixels({ noise: 'philox', variation: { seed: 3, strength: 0 } })).toBe(0)
  for (const changes of [
    { sampling: { churn: { amount: 3 } } },
    { sampling: { levels: { spacing: 'linspace' } } },
    { noise: 'torch-cpu' },
    { variation: { seed: 3, strength: 0.5 } },
    { seedSize: { widthPx: 64, heightPx: 64 } },
    { guidance: { rescale: 0.7 } },
    { guidance: { start: 0.5 } },
    { guidance: { perturbedAttention: 2 } },
    { guidance: { thresholding: { mimicScale: 2, quantile: 1 } } },
    { promptStyle: 'a1111', prompt: 'a (red:1.4) apple' },
    { promptStyle: 'comfyui', prompt: 'a (red:1.4) apple' },
    { promptStyle: 'invokeai', prompt: 'a (red)0.3 apple' },
    { promptStyle: 'a1111', prompt: 'a [red:green:0.5] apple AND a cat :0.5' },
  ] satisfies Partial<GenerationRequest>[]) {
    expect(await pixels(changes), JSON.stringify(changes)).toBeGreaterThan(0.0001)
  }
  expect((await bytes({ noise: 'torch-cpu' })).equals(await bytes({ noise: 'torch-cpu' }))).toBe(true)
})
