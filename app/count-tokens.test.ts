import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeLdmModel } from '../main/checkpoint/test-ldm-models.ts'
import { SOUND_MODELS } from '../main/checkpoint/test-models.ts'
import { Library } from '../main/library/library.ts'
import { createClassLister } from './class-names.ts'
import { createTokenCounter } from './count-tokens.ts'

const VOCABULARIES = resolve(import.meta.dirname, '../resources/vocabularies')

/** A library with the built-in model and one of so many classes, or none. */
async function world(classes: number | undefined) {
  const folder = await mkdtemp(join(tmpdir(), 'count-tokens-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const unet = { channels: 3, width: 32, mult: [1, 2], resBlocks: 1, scaleShift: false, updown: false, attention: [1] }
  await writeLdmModel(join(folder, 'labelled.safetensors'), {
    unet: { ...unet, contextDim: classes === undefined ? null : 24 },
    autoencoder: { width: 32, mult: [1, 1, 2], latentChannels: 3, codebook: 16, attention: [] },
    ...(classes === undefined ? {} : { classes }),
  })
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const library = new Library({ builtInFolder: SOUND_MODELS.starter, folders: [folder], logger })
  onTestFinished(() => library.close())
  const id = (await library.refresh()).find(({ isBuiltIn }) => !isBuiltIn)?.id ?? ''
  return { library, id }
}

test('a model that hears no words has no tokens to count, and a model of words counts its own', async () => {
  for (const classes of [undefined, 11]) {
    const { library, id } = await world(classes)
    const count = createTokenCounter(library, VOCABULARIES)
    expect(await count(id, 'a castle')).toEqual({ tokens: 0, chunkTokens: 75, chunkStarts: [0] })
    expect((await count('starter', 'a castle')).tokens).toBe(2)
  }
})

test('classes are listed by name where they are ImageNet’s, and not where nobody knows them', async () => {
  const imagenet = await world(1001)
  const names = await createClassLister(imagenet.library, VOCABULARIES)(imagenet.id)
  expect([names.length, names[281]]).toEqual([1000, 'tabby, tabby cat'])
  const few = await world(11)
  expect(await createClassLister(few.library, VOCABULARIES)(few.id)).toEqual([])
  expect(await createClassLister(few.library, VOCABULARIES)('starter')).toEqual([])
})
