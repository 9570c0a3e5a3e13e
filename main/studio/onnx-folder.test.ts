import { rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import * as protobuf from '@bufbuild/protobuf'
import * as wellKnown from '@bufbuild/protobuf/wkt'
import { expect, onTestFinished, test } from 'vitest'
import { inspect } from '../checkpoint/inspect.ts'
import { openCheckpoint, openModel } from '../checkpoint/open.ts'
import { testModels } from '../checkpoint/test-models.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import { joined } from '../diffusion/guidance.ts'
import { onnxReader, onnxWriter } from '../network/onnx/test-reader.ts'
import { tensor } from '../tensor/tensor.ts'
import { encodePrompts } from '../text/conditioning.ts'
import { LoadedModel } from './loaded-model.ts'
import { writeOnnxFolder } from './test-onnx-folders.ts'
import type { ExportStyle } from './test-onnx-folders.ts'
import { TASK } from './test-joined.ts'
import { testStudios, VOCABULARIES } from './test-studio.ts'

const MERGES = join(VOCABULARIES, 'clip-merges.txt')
const FIXTURES = join(import.meta.dirname, '../../bench/parity/fixtures')
const NEWER: ExportStyle = { externalData: 'model.onnx_data', isOlder: false }
const OLDER: ExportStyle = { externalData: null, isOlder: true }
const CODEC = { read: onnxReader(protobuf, wellKnown), write: onnxWriter(protobuf, wellKnown) }
const LOAD = { threads: 1, vocabulariesFolder: VOCABULARIES }

const { temporaryFolder } = testModels(onTestFinished)
const openStudio = testStudios(onTestFinished, { widthPx: 128, sampler: 'dpmpp-2m', schedule: 'karras' })

/** A model of the project and its export. */
async function world(fixture: string, style: ExportStyle) {
  const folder = await temporaryFolder()
  const original = join(FIXTURES, fixture, 'model.safetensors')
  const exported = join(folder, 'model')
  await writeOnnxFolder(await openCheckpoint(original), exported, MERGES, style, CODEC)
  return { folder, original, exported }
}

async function picture(modelPath: string, changes: Partial<GenerationRequest> = {}) {
  const { generate } = await openStudio()
  return generate(modelPath, changes)
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0)
}

test.each([
  ['tiny-sd1-ldm', 'sd1', 'epsilon'],
  ['tiny-sd2-ldm', 'sd2', 'v'],
  ['tiny-sdxl', 'sdxl', 'epsilon'],
])('%s makes the same picture from its ONNX export', async (fixture, family, predictionType) => {
  const { original, exported } = await world(fixture, NEWER)
  const [expected, found] = [await picture(original), await picture(exported)]
  expect(found.origin).toMatchObject({ family, predictionType })
  // A step of a byte: the graph's nodes around the network round otherwise.
  expect(largestDifference(found.data, expected.data)).toBeLessThanOrEqual(2 / 255 + 1e-6)
})

test('a graph of half precision, with whole timesteps in a list, gives what the network gives', async () => {
  const { original, exported } = await world('tiny-sdxl', OLDER)
  const x = tensor(
    [2, 4, 8, 16],
    Float32Array.from({ length: 1024 }, (_, i) => Math.sin(i * i)),
  )
  const [expected, found] = await Promise.all(
    [original, exported].map(async (path) => {
      const model = await LoadedModel.open(path, LOAD)
      onTestFinished(() => model.release())
      const [encoded] = await encodePrompts(await model.promptEncoders(), ['a red cat'], 'plain')
      if (!encoded) throw new Error('expected a prompt')
      const told = model.conditioning(encoded, [64, 128, 0, 0, 64, 128])
      const both = joined(told, told)
      const answer = await (await model.unet())(x, [980, 980], both, { step: 0, steps: 1 })
      return { context: told.context, answer, image: await (await model.decoder())(x) }
    }),
  )
  if (!expected || !found) throw new Error('expected two models')
  // Values of standard deviation 1, rounded to eleven bits on the way in and out.
  expect(largestDifference(found.context.data, expected.context.data)).toBeLessThan(4e-3)
  expect(largestDifference(found.answer.data, expected.answer.data)).toBeLessThan(2e-2)
  expect(largestDifference(found.image.data, expected.image.data)).toBeLessThan(2e-2)
})

test.each([
  ['the latent’s distribution', NEWER, 1e-5],
  ['a sample, which is held to the mean', OLDER, 2e-2],
])('an encoder that gives %s: the same mean at each run', async (_, style, tolerance) => {
  const { original, exported } = await world('tiny-sd1-ldm', style)
  const image = tensor(
    [1, 3, 64, 64],
    Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(i / 7)),
  )
  const means: Float32Array[] = []
  for (const path of [original, exported, exported]) {
    const model = await LoadedModel.open(path, LOAD)
    onTestFinished(() => model.release())
    means.push((await (await model.encoder())(image)).mean.data)
  }
  const [expected, found, again] = means
  if (!expected || !found || !again) throw new Error('expected three means')
  expect(again).toEqual(found)
  expect(largestDifference(found, expected)).toBeLessThan(tolerance)
})

test('an export is inspected from its headers: what it is, its networks, its sizes', async () => {
  const { exported } = await world('tiny-sd1-ldm', NEWER)
  const { layout, family, problem, components, dtypes, missing } = await inspect(exported)
  expect({ layout, family, problem, missing }).toEqual({ layout: 'onnx', family: 'sd1', problem: null, missing: [] })
  expect(components.map(({ name }) => name)).toContain('autoencoder decoder')
  expect(dtypes['F16']).toBeGreaterThan(500)
})

test.each([
  ['unet', { unet: 'part' }],
  ['vae', { vae: 'part' }],
  ['loras', { loras: [{ id: 'part', weight: 1 }] }],
  ['clipSkip', { clipSkip: 2 }],
] as [string, Partial<GenerationRequest>][])(
  'what joins a model’s weights is refused at %s, naming the model',
  async (field, changes) => {
    const { exported } = await world('tiny-sd1-ldm', NEWER)
    const model = await LoadedModel.open(exported, LOAD)
    const request: GenerationRequest = { ...TASK.request, ...changes }
    const joining = model.join({ ...TASK, request, partPaths: { part: 'anywhere' } }, console)
    await expect(joining).rejects.toThrow('found model, whose ONNX graphs run as they are: nothing joins it')
    await expect(joining).rejects.toMatchObject({ code: 'invalid-request', field })
  },
)

test('weights outside of the model’s folder are refused, also through a link', async () => {
  const { folder, exported } = await world('tiny-sd1-ldm', NEWER)
  const data = join(exported, 'unet/model.onnx_data')
  await rename(data, join(folder, 'elsewhere'))
  await expect(openModel(exported)).rejects.toThrow('expected the weights file model.onnx_data, found none')
  await symlink(join(folder, 'elsewhere'), data)
  await expect(openModel(exported)).rejects.toThrow("expected its weights in a file of the model's folder, found")
})
