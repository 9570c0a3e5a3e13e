import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import { writeLdmModel } from '../checkpoint/test-ldm-models.ts'
import type { LdmModel } from '../checkpoint/test-ldm-models.ts'
import { SOUND_MODELS, testModels } from '../checkpoint/test-models.ts'
import { ModelSummary } from '../contract/model.ts'
import { summarise } from './summary.ts'

const { temporaryFolder } = testModels(onTestFinished)
const HOST = { isBuiltIn: false, memoryBytes: 8e9 }
const UNET = { channels: 3, width: 32, mult: [1], resBlocks: 1, attention: [0], scaleShift: false, updown: false }
const AUTOENCODER = { width: 32, mult: [1, 1], latentChannels: 3, codebook: 8, attention: [] }

it.each<[prompt: string, model: LdmModel]>([
  ['class', { unet: { ...UNET, contextDim: 16 }, autoencoder: AUTOENCODER, classes: 5 }],
  ['nothing', { unet: { ...UNET, contextDim: null }, autoencoder: AUTOENCODER }],
])('tells that a model is asked by: %s', async (prompt, model) => {
  const path = join(await temporaryFolder(), 'model.safetensors')
  await writeLdmModel(path, model)
  const summary = ModelSummary.parse(await summarise(path, HOST))
  expect(summary).toMatchObject({ prompt, family: 'ldm', familyName: 'Latent diffusion', problem: null })
  expect(summary.defaults).toMatchObject({ widthPx: 256, heightPx: 256, sampler: 'ddim' })
  expect(summary.memory).toMatchObject({ fit: 'fast' })
})

it('counts the same bytes of memory for a model of words as its networks have', async () => {
  const { unet, autoencoder, textEncoders } = await openCheckpoint(SOUND_MODELS.starter)
  const bytes = [unet, autoencoder, ...textEncoders].flatMap(({ weights }) =>
    weights.names.map((name) => weights.require(name).sizeBytes),
  )
  const summary = ModelSummary.parse(await summarise(SOUND_MODELS.starter, HOST))
  expect(summary.prompt).toBe('words')
  expect(summary.memory?.smallBytes).toBe(bytes.reduce((a, b) => a + b, 0))
})

it('says what the model’s card says of it, and nothing without one', async () => {
  const told = await summarise(SOUND_MODELS.starter, HOST)
  expect(told?.description).toContain('What it cannot do')
  const path = join(await temporaryFolder(), 'model.safetensors')
  await writeLdmModel(path, { unet: { ...UNET, contextDim: null }, autoencoder: AUTOENCODER })
  expect((await summarise(path, HOST))?.description).toBeNull()
})
