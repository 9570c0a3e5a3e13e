import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import { editTensors, toRefiner, widenInput } from '../checkpoint/test-models.ts'
import type { StoredTensor } from '../checkpoint/test-models.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import { writeDiffusersFolder } from './test-folders.ts'
import { ICON, testStudios, VOCABULARIES } from './test-studio.ts'

const FIXTURES = join(import.meta.dirname, '../../bench/parity/fixtures')
const INPUT = '0'.repeat(64)
const openStudio = testStudios(onTestFinished, {
  prompt: 'a red cat sitting on a green sofa',
  widthPx: 128,
  sampler: 'dpmpp-2m',
  schedule: 'karras',
})

/** @param parts their files in the world's folder, by id */
async function world(parts: Record<string, string> = {}) {
  const { folder, generate: make } = await openStudio()
  const partPaths = Object.fromEntries(Object.entries(parts).map(([id, name]) => [id, join(folder, name)]))
  const generate = (modelPath: string, changes: Partial<GenerationRequest> = {}) =>
    make(modelPath, changes, { inputPaths: { [INPUT]: ICON }, partPaths, threads: null, showPreviews: true })
  return { folder, generate }
}

/** Kinds of models, most of them made of the tiny ones, and what their pictures' origins say. */
const KINDS: Record<string, { fixture: string; family: string; predictionType: string; edit?: Edit }> = {
  'SD 1': { fixture: 'tiny-sd1-ldm', family: 'sd1', predictionType: 'epsilon' },
  'SD 1 for inpainting': { fixture: 'tiny-sd1-ldm', family: 'sd1', predictionType: 'epsilon', edit: widened(9) },
  'SD 1 that edits': { fixture: 'tiny-sd1-ldm', family: 'sd1', predictionType: 'epsilon', edit: widened(8) },
  'SD 1 told the guidance scale': {
    fixture: 'tiny-sd1-ldm',
    family: 'sd1',
    predictionType: 'epsilon',
    edit: toldGuidance,
  },
  'SD 2': { fixture: 'tiny-sd2-ldm', family: 'sd2', predictionType: 'v' },
  'SD 2 for inpainting': { fixture: 'tiny-sd2-ldm', family: 'sd2', predictionType: 'v', edit: widened(9) },
  'SD XL': { fixture: 'tiny-sdxl', family: 'sdxl', predictionType: 'epsilon' },
  'SD XL for inpainting': { fixture: 'tiny-sdxl', family: 'sdxl', predictionType: 'epsilon', edit: widened(9) },
  'SD XL that edits': { fixture: 'tiny-sdxl', family: 'sdxl', predictionType: 'epsilon', edit: widened(8) },
  'the refiner of SD XL': { fixture: 'tiny-sdxl', family: 'sdxl-refiner', predictionType: 'epsilon', edit: toRefiner },
}

type Edit = (tensors: Map<string, StoredTensor>) => void

function widened(channels: number): Edit {
  return (tensors) => {
    widenInput(tensors, channels)
  }
}

/** As a latent consistency model: a matrix for the guidance scale's embedding of 64 entries. */
function toldGuidance(tensors: Map<string, StoredTensor>): void {
  const values = Uint16Array.from({ length: 32 * 64 }, (_, i) => 0x3000 + (i % 512) + (i % 3 === 0 ? 0x8000 : 0))
  const bytes = new Uint8Array(values.buffer)
  tensors.set('model.diffusion_model.time_embed.cond_proj.weight', { dtype: 'F16', shape: [32, 64], bytes })
}

/** A model of that kind in a single file, with the configuration beside it. */
async function fileOf(kind: string, folder: string): Promise<string> {
  const { fixture = '', edit } = KINDS[kind] ?? {}
  const file = join(FIXTURES, fixture, 'model.safetensors')
  if (!edit) return file
  const copy = join(folder, 'changed.safetensors')
  await cp(file, copy)
  await cp(join(FIXTURES, fixture, 'model.yaml'), join(folder, 'changed.yaml'))
  await editTensors(copy, edit)
  return copy
}

test.each(Object.keys(KINDS))(
  '%s makes the same picture from its single file and as a diffusers folder',
  async (kind) => {
    const { folder, generate } = await world()
    const file = await fileOf(kind, folder)
    const copy = join(folder, 'model')
    await writeDiffusersFolder(await openCheckpoint(file), copy, join(VOCABULARIES, 'clip-merges.txt'))
    const init = { id: INPUT, strength: 1, fit: 'crop' } as const
    const [fromFile, fromFolder] = [await generate(file, { init }), await generate(copy, { init })]
    const { family, predictionType } = KINDS[kind] ?? {}
    expect(fromFile.origin).toMatchObject({ family, predictionType })
    expect(fromFolder.origin).toMatchObject({ family, predictionType })
    expect(fromFolder.data).toEqual(fromFile.data)
  },
)

test('a model that is told the guidance scale heeds it in a single pass', async () => {
  const { folder, generate } = await world()
  const file = await fileOf('SD 1 told the guidance scale', folder)
  const [low, high, other] = [
    await generate(file, { guidanceScale: 2, sampler: 'lcm' }),
    await generate(file, { guidanceScale: 8, sampler: 'lcm' }),
    await generate(file, { guidanceScale: 8, sampler: 'lcm', negativePrompt: 'another' }),
  ]
  expect(high.data).not.toEqual(low.data)
  expect(other.data).toEqual(high.data)
})

test('a model whose file another program replaces is opened anew', async () => {
  const { folder, generate } = await world()
  const families: string[] = []
  for (const fixture of ['tiny-sd1-ldm', 'tiny-sdxl']) {
    for (const name of ['model.safetensors', 'model.yaml']) {
      await cp(join(FIXTURES, fixture, name), join(folder, name))
    }
    families.push((await generate(join(folder, 'model.safetensors'))).origin.family)
  }
  expect(families).toEqual(['sd1', 'sdxl'])
})

test('what the network is taken to predict can be said', async () => {
  const { generate } = await world()
  const file = join(FIXTURES, 'tiny-sd1-ldm/model.safetensors')
  const pictures = [
    await generate(file),
    await generate(file, { predictionType: 'v' }),
    await generate(file, { predictionType: 'sample' }),
  ]
  expect(pictures.map(({ origin }) => origin.predictionType)).toEqual(['epsilon', 'v', 'sample'])
  expect(new Set(pictures.map(({ data }) => data.join())).size).toBe(3)
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

describe('a refiner', () => {
  async function withRefiner() {
    const { folder, generate } = await world({ refiner: 'changed.safetensors' })
    const refiner = await fileOf('the refiner of SD XL', folder)
    const base = join(FIXTURES, 'tiny-sdxl/model.safetensors')
    const refined = (start: number, more: Partial<GenerationRequest> = {}) =>
      generate(base, { steps: 4, refiner: { model: 'refiner', start }, ...more })
    return { refiner, base, generate, refined }
  }

  test('takes the steps from its share on: all of them alone, none at the end', async () => {
    const { refiner, base, generate, refined } = await withRefiner()
    const [half, late] = [await refined(0.5), await refined(0.75)]
    expect((await refined(1)).data).toEqual((await generate(base, { steps: 4 })).data)
    expect((await refined(0)).data).toEqual((await generate(refiner, { steps: 4 })).data)
    expect(half.data).not.toEqual(late.data)
    expect((await refined(0.5)).data).toEqual(half.data)
  })

  test('is told the prompts', async () => {
    const { refined } = await withRefiner()
    expect((await refined(0.5)).data).not.toEqual((await refined(0.5, { negativePrompt: 'sharp' })).data)
  })

  test('of other latents is refused, naming the field', async () => {
    const { folder, generate } = await world({ refiner: 'other.safetensors' })
    await cp(join(FIXTURES, 'tiny-sd1-ldm/model.safetensors'), join(folder, 'other.safetensors'))
    const run = generate(join(FIXTURES, 'tiny-sdxl/model.safetensors'), { refiner: { model: 'refiner', start: 0.5 } })
    await expect(run).rejects.toMatchObject({ code: 'invalid-request', field: 'refiner.model' })
  })
})
