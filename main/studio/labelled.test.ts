import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { inspect } from '../checkpoint/inspect.ts'
import { openCheckpoint, openModel } from '../checkpoint/open.ts'
import { writeLdmModel } from '../checkpoint/test-ldm-models.ts'
import type { LdmModel } from '../checkpoint/test-ldm-models.ts'
import { editTensors, testModels } from '../checkpoint/test-models.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import { tensor } from '../tensor/tensor.ts'
import { classNames } from './class-names.ts'
import { classNumber } from './labelled.ts'
import { LoadedModel } from './loaded-model.ts'
import { testStudios, VOCABULARIES } from './test-studio.ts'

const VQ = { width: 32, mult: [1, 1, 2], latentChannels: 3, codebook: 16, attention: [] }
const UNET = { channels: 3, width: 32, mult: [1, 2], resBlocks: 1, scaleShift: false, updown: false }
/** As the model of ImageNet's classes, of ten. */
const CLASSES: LdmModel = { unet: { ...UNET, attention: [1], contextDim: 24 }, autoencoder: VQ, classes: 11 }
/** As the models of faces and bedrooms. */
const FACES: LdmModel = { unet: { ...UNET, attention: [1], contextDim: null }, autoencoder: VQ }
/** As the model of churches: a KL autoencoder, and a scale that was measured. */
const CHURCHES: LdmModel = {
  unet: { ...UNET, channels: 4, attention: [0, 1], contextDim: null, scaleShift: true, updown: true },
  autoencoder: { width: 32, mult: [1, 1, 1, 1], latentChannels: 4, codebook: null, attention: [3] },
  scaleFactor: 0.5,
}

const { temporaryFolder } = testModels(onTestFinished)
const openStudio = testStudios(onTestFinished, { prompt: 'class 3', negativePrompt: '', guidanceScale: 3 })

/** A file of the model, and a studio that makes pictures with it. */
async function world(model: LdmModel) {
  const path = join(await temporaryFolder(), 'model.safetensors')
  await writeLdmModel(path, model)
  return { path, generate: await studioFor(path) }
}

async function studioFor(modelPath: string) {
  const { generate } = await openStudio()
  return (changes: Partial<GenerationRequest> = {}) => generate(modelPath, changes, { showPreviews: true })
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0)
}

test('a model of classes makes another picture of another class, and heeds its guidance', async () => {
  const { generate } = await world(CLASSES)
  const made = await generate()
  expect(made.origin).toMatchObject({ family: 'ldm', predictionType: 'epsilon' })
  expect([made.widthPx, made.heightPx]).toEqual([64, 64])
  expect((await generate({ prompt: '3' })).data).toEqual(made.data)
  for (const changes of [{ prompt: 'class 4' }, { guidanceScale: 1 }, { negativePrompt: 'class 5' }]) {
    expect((await generate(changes)).data).not.toEqual(made.data)
  }
})

test('guidance goes away from the entry behind the last class', async () => {
  const { path, generate } = await world(CLASSES)
  const before = await generate()
  const free = await generate({ guidanceScale: 1 })
  await editTensors(path, (tensors) => {
    const table = tensors.get('cond_stage_model.embedding.weight')
    const width = 24 * 4
    // The entry for no class, the eleventh, becomes that of class 3: nothing is left to go away from.
    table?.bytes.set(table.bytes.slice(3 * width, 4 * width), 10 * width)
  })
  const again = await studioFor(path)
  const data = (await again()).data
  expect(data).not.toEqual(before.data)
  expect(largestDifference(data, free.data)).toBeLessThanOrEqual(1 / 255 + 1e-6)
})

test.each([
  ['faces', FACES],
  ['churches', CHURCHES],
])('a model of %s makes its one kind of picture whatever the prompt says', async (_, model) => {
  const { generate } = await world(model)
  const made = await generate({ prompt: '' })
  expect(made.notes).toBeUndefined()
  const unheard = await generate({ prompt: 'a castle', negativePrompt: 'grey', guidanceScale: 7 })
  expect(unheard.data).toEqual(made.data)
  expect(unheard.notes).toEqual([expect.stringMatching(/^The prompt was not heeded: model makes one kind of picture/)])
  expect((await generate({ prompt: '', seed: 2 })).data).not.toEqual(made.data)
})

test('what the file says is read from its names, shapes and small tensors', async () => {
  const models = await Promise.all(
    [CLASSES, FACES, CHURCHES].map(async (model) => openModel((await world(model)).path)),
  )
  const seen = models.map((model) => {
    if (!('labels' in model)) throw new Error('expected a model that hears no words')
    const { labels, autoencoder, diffusion, defaults } = model
    const { codebookSize, levelAttention, scalingFactor } = autoencoder.config
    return {
      classes: labels?.config.classCount,
      codebookSize,
      levelAttention,
      scalingFactor,
      betas: [diffusion.betaStart, diffusion.betaEnd],
      guidance: defaults.guidanceScale,
      sidePx: defaults.widthPx,
    }
  })
  const common = { betas: [0.0015, 0.0195], sidePx: 256, levelAttention: undefined }
  expect(seen).toEqual([
    { ...common, classes: 10, codebookSize: 16, scalingFactor: 1, guidance: 3 },
    { ...common, classes: undefined, codebookSize: 16, scalingFactor: 1, guidance: 1 },
    {
      ...common,
      classes: undefined,
      codebookSize: undefined,
      scalingFactor: 0.5,
      guidance: 1,
      levelAttention: [false, false, false, true],
    },
  ])
})

test('the averaged copies of the U-Net are used where a file has them, as the original samples', async () => {
  const { path, generate } = await world(FACES)
  const live = await generate({ prompt: '' })
  await editTensors(path, (tensors) => {
    for (const [name, stored] of [...tensors]) {
      if (!name.startsWith('model.')) continue
      tensors.set(`model_ema.${name.slice('model.'.length).replaceAll('.', '')}`, stored)
      if (name.endsWith('out.2.weight')) tensors.set(name, { ...stored, bytes: new Uint8Array(stored.bytes.length) })
    }
  })
  const again = await studioFor(path)
  expect((await again({ prompt: '' })).data).toEqual(live.data)
})

test('an encoder’s latent is as it is, without spread, and decoding rounds it', async () => {
  const { path } = await world(FACES)
  const model = await LoadedModel.open(path, { threads: 1, vocabulariesFolder: VOCABULARIES })
  onTestFinished(() => model.release())
  const image = tensor(
    [1, 3, 64, 64],
    Float32Array.from({ length: 3 * 4096 }, (_, i) => Math.sin(i / 9)),
  )
  const { mean, deviation } = await (await model.encoder())(image)
  expect(mean.shape).toEqual([1, 3, 16, 16])
  expect(Math.max(...deviation.data)).toBeLessThan(1e-6)
  const decode = await model.decoder()
  const [once, nudged] = [await decode(mean), await decode({ ...mean, data: mean.data.map((value) => value + 1e-6) })]
  expect(nudged.data).toEqual(once.data)
})

test.each([
  ['', 'expected a class from 0 to 9, as "class 207", found ""'],
  ['a cat', 'expected a class from 0 to 9, as "class 207", found "a cat"'],
  ['class 10', 'expected a class from 0 to 9, as "class 207", found "class 10"'],
])('the prompt "%s" names no class', (prompt, message) => {
  expect(() => classNumber(prompt, { classCount: 10 }, { field: 'prompt', names: null })).toThrow(message)
})

test('the classes of ImageNet go by their names; what is none says what may be meant', async () => {
  const classes = { classCount: 1000 }
  const names = await classNames(classes, VOCABULARIES)
  const numberOf = (text: string) => classNumber(text, classes, { field: 'prompt', names })
  expect(['golden retriever', 'a Tabby Cat', 'class 9', '0'].map(numberOf)).toEqual([207, 281, 9, 0])
  expect(() => numberOf('crane')).toThrow('found "crane", which may be 134 (crane); 517 (crane)')
  expect(() => numberOf('cat')).toThrow('which may be 281 (tabby, tabby cat); 282 (tiger cat); 283 (Persian cat)')
  expect(() => numberOf('spaceship')).toThrow(/found "spaceship"$/)
  expect(await classNames({ classCount: 10 }, VOCABULARIES)).toBeNull()
})

test('such a model is inspected as what it is; what joins text-to-image models says why it does not join', async () => {
  const { path } = await world(CLASSES)
  const { family, problem, missing, unused, components } = await inspect(path)
  expect({ family, problem, missing, unused }).toEqual({ family: 'ldm', problem: null, missing: [], unused: [] })
  expect(components.map(({ name }) => name)).toEqual(['U-Net', 'autoencoder', 'class table'])
  await expect(openCheckpoint(path)).rejects.toThrow('found Latent diffusion, which is told no words')
})

test('a file that lacks a tensor, or whose latents do not fit, says so', async () => {
  const { path } = await world(FACES)
  await editTensors(path, (tensors) => tensors.delete('model.diffusion_model.middle_block.1.proj_out.bias'))
  await expect(openModel(path)).rejects.toThrow('of the U-Net, found')
  const other = await world({ ...FACES, unet: { ...FACES.unet, channels: 6 } })
  await expect(openModel(other.path)).rejects.toThrow('expected 3, as the latent has, found 6 and 6')
})

test('the paper’s text-to-image model is named for what it is', async () => {
  const { path } = await world(CLASSES)
  await editTensors(path, (tensors) => {
    const name = 'cond_stage_model.transformer.token_emb.weight'
    tensors.set(name, { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) })
  })
  await expect(openModel(path)).rejects.toThrow('text-to-image model, whose BERT text encoder is not run yet')
})
