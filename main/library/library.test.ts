import { cp, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Logger } from '../contract/failure.ts'
import { ModelSummary } from '../contract/model.ts'
import { SOUND_MODELS, editTensors, renamed, testModels, writeTensors } from '../checkpoint/test-models.ts'
import { Library } from './library.ts'

const { copyDiffusers, copySingleFile, temporaryFolder } = testModels(onTestFinished)

const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

function library(
  folders: string[],
  options: { builtInFolder?: string; onChange?: (change: { models: ModelSummary[]; folders: string[] }) => void } = {},
): Library {
  return new Library({ builtInFolder: SOUND_MODELS.starter, folders, logger: silent, ...options })
}

/** The models of a folder, without the built-in one. */
async function modelsOf(...folders: string[]): Promise<ModelSummary[]> {
  return (await library(folders).refresh()).filter(({ isBuiltIn }) => !isBuiltIn)
}

describe('what the library lists', () => {
  it('has the built-in model first, under an id that never changes', async () => {
    const [starter] = await library([]).refresh()
    expect(starter).toEqual({
      id: 'starter',
      name: 'Starter',
      path: SOUND_MODELS.starter,
      layout: 'diffusers',
      family: 'sd1',
      familyName: 'Small latent diffusion',
      predictionType: 'v',
      sizeBytes: 49_560_886,
      isBuiltIn: true,
      defaults: { widthPx: 128, heightPx: 128, steps: 25, guidanceScale: 4, sampler: 'ddim', schedule: 'normal' },
      chunkTokens: 30,
      prompt: 'words',
      input: 'none',
      hint: null,
      memory: { fastBytes: 98_988_908, smallBytes: 49_494_454, fit: 'fast' },
      triggerWords: [],
      description: expect.stringContaining('Draws single things') as unknown,
      hasThumbnail: true,
      sha256: null,
      dataSha256: null,
      problem: null,
    })
  })

  it('finds folders and single files at any depth, with the defaults of their family', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'sd/deeper'), { recursive: true })
    await copySingleFile('My Model v2.safetensors', join(folder, 'sd/deeper'))
    await copyDiffusers('photo', folder)
    const models = await modelsOf(folder)
    expect(models.map(({ name, layout }) => [name, layout])).toEqual([
      ['photo', 'diffusers'],
      ['My Model v2', 'single-file'],
    ])
    for (const model of models) {
      expect(ModelSummary.parse(model)).toMatchObject({
        family: 'sd1',
        familyName: 'Stable Diffusion 1',
        chunkTokens: 75,
        prompt: 'words',
        input: 'none',
        hint: null,
        problem: null,
      })
      expect(model.defaults).toEqual({
        widthPx: 512,
        heightPx: 512,
        steps: 25,
        guidanceScale: 7.5,
        sampler: 'dpmpp-2m',
        schedule: 'karras',
      })
    }
  })

  it('takes a folder that is itself a model, and a single file', async () => {
    const folder = await temporaryFolder()
    const diffusers = await copyDiffusers('photo', folder)
    const file = await copySingleFile('drawing.ckpt', folder)
    expect((await modelsOf(diffusers, file)).map(({ name, problem }) => [name, problem])).toEqual([
      ['photo', null],
      ['drawing', null],
    ])
  })

  it('names a place once, however many ways lead there', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'inner'))
    await copySingleFile('one.safetensors', join(folder, 'inner'))
    await symlink(folder, join(folder, 'inner', 'loop'), 'junction')
    expect(await modelsOf(folder, join(folder, 'inner'))).toHaveLength(1)
  })

  it('gives ids that are readable, stable and distinct', async () => {
    const folder = await temporaryFolder()
    for (const inner of ['a', 'b']) {
      await mkdir(join(folder, inner))
      await copySingleFile('Mädchen & Füchse (v1.5).safetensors', join(folder, inner))
    }
    const ids = (await modelsOf(folder)).map(({ id }) => id)
    expect(ids).toEqual([
      expect.stringMatching(/^madchen-fuchse-v1-5-[0-9a-f]{12}$/),
      expect.stringMatching(/^madchen-fuchse-v1-5-[0-9a-f]{12}$/),
    ])
    expect(new Set(ids).size).toBe(2)
    expect((await modelsOf(folder)).map(({ id }) => id)).toEqual(ids)
  })

  it('passes over weights that are no model, and files of other kinds', async () => {
    const folder = await temporaryFolder()
    const tensor = { dtype: 'F16', shape: [1], bytes: new Uint8Array(2) }
    await writeTensors(join(folder, 'style.safetensors'), new Map([['lora_unet_mid_block.lora_up.weight', tensor]]))
    await writeTensors(join(folder, 'values.safetensors'), new Map([['whatever', tensor]]))
    const autoencoder = await copySingleFile('vae.safetensors', folder)
    await editTensors(autoencoder, (tensors) =>
      renamed(tensors, (name) => (name.startsWith('first_stage_model.') ? name : null)),
    )
    await writeFile(join(folder, 'notes.txt'), 'models to try')
    await mkdir(join(folder, '.cache'))
    await copySingleFile('hidden.safetensors', join(folder, '.cache'))
    expect(await modelsOf(folder)).toEqual([])
  })
})

describe('a model that cannot run', () => {
  const problemOf = async (folder: string) =>
    (await modelsOf(folder)).map(({ name, familyName, problem }) => ({ name, familyName, problem }))

  it('is listed with the reason, and the others beside it still run', async () => {
    const folder = await temporaryFolder()
    await copySingleFile('good.safetensors', folder)
    await truncate(await copySingleFile('cut.safetensors', folder), 1_000_000)
    await writeFile(join(folder, 'old.ckpt'), 'PK\u0003\u0004 archive/data.pkl')
    await rm(join(await copyDiffusers('halved', folder), 'unet'), { recursive: true })
    expect(await problemOf(folder)).toEqual([
      {
        name: 'cut',
        familyName: 'Unknown',
        problem: expect.stringMatching(
          /cut\.safetensors: the file is truncated: expected tensor .*, found 1000000 bytes/,
        ) as string,
      },
      { name: 'good', familyName: 'Stable Diffusion 1', problem: null },
      {
        name: 'halved',
        familyName: 'Unknown',
        problem: expect.stringMatching(
          /unet.config\.json: expected a readable configuration file, found none/,
        ) as string,
      },
      {
        name: 'old',
        familyName: 'Unknown',
        problem: expect.stringMatching(/old\.ckpt: expected .*, found/) as string,
      },
    ])
  })

  it('has the family it seems to be of', async () => {
    const folder = await temporaryFolder()
    const tensor = { dtype: 'F16', shape: [1], bytes: new Uint8Array(2) }
    await writeTensors(
      join(folder, 'xl.safetensors'),
      new Map([['conditioner.embedders.0.transformer.text_model.final_layer_norm.bias', tensor]]),
    )
    expect(await problemOf(folder)).toMatchObject([
      { familyName: 'Stable Diffusion XL', problem: expect.stringContaining('but lacks its U-Net') as string },
    ])
  })

  it('keeps its id when it is mended', async () => {
    const folder = await temporaryFolder()
    const model = await copyDiffusers('photo', folder)
    const [sound] = await modelsOf(folder)
    await rm(join(model, 'vae'), { recursive: true })
    const [broken] = await modelsOf(folder)
    expect(broken?.problem).not.toBeNull()
    expect(broken?.id).toBe(sound?.id)
  })

  it('may be the built-in one', async () => {
    const folder = await temporaryFolder()
    const [starter] = await library([], { builtInFolder: join(folder, 'gone') }).refresh()
    expect(starter).toMatchObject({
      id: 'starter',
      isBuiltIn: true,
      problem: expect.stringMatching(/found nothing/) as string,
    })
  })
})

describe('the folders', () => {
  it('come and go, and each change is told once, with what there is then', async () => {
    const folder = await temporaryFolder()
    await copySingleFile('one.safetensors', folder)
    const told: string[][] = []
    const models = library([], {
      onChange: (change) =>
        told.push([...change.models.map(({ name }) => name), ...change.folders.map((path) => basename(path))]),
    })
    await models.addFolder(folder)
    await models.addFolder(`${folder}/`)
    const added = models.list().find(({ name }) => name === 'one')
    expect(added && models.find(added.id)).toEqual(added)
    await models.removeFolder(folder)
    expect(models.list().map(({ name }) => name)).toEqual(['Starter'])
    expect(told).toEqual([['Starter', 'one', basename(folder)], ['Starter']])
  })

  it('are refused when nothing lies there, and passed over when they have gone since', async () => {
    const folder = join(await temporaryFolder(), 'gone')
    const models = library([folder])
    expect((await models.refresh()).map(({ id }) => id)).toEqual(['starter'])
    await expect(models.addFolder(folder)).rejects.toMatchObject({
      code: 'not-found',
      message: `${folder}: expected a folder of models, found nothing`,
    })
  })

  it('show what was put there since the last scan', async () => {
    const folder = await temporaryFolder()
    const models = library([folder])
    expect(await models.refresh()).toHaveLength(1)
    await cp(SOUND_MODELS.singleFile, join(folder, 'new.safetensors'))
    const scans = await Promise.all([models.refresh(), models.refresh()])
    expect(scans.map((scan) => scan.length)).toEqual([2, 2])
  })
})
