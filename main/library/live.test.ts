import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { basename, join, parse } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Logger } from '../contract/failure.ts'
import type { ModelSummary } from '../contract/model.ts'
import { PartSummary } from '../contract/part.ts'
import { SOUND_MODELS, editTensors, renamed, testModels, writeTensors } from '../checkpoint/test-models.ts'
import { Library } from './library.ts'
import type { LibraryChange, LibraryOptions } from './options.ts'

const { copyDiffusers, copySingleFile, temporaryFolder } = testModels(onTestFinished)
const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

const LORA = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight'

/** A library that tells, and whose changes can be awaited. */
function open(folders: string[], options: Partial<LibraryOptions> = {}) {
  const waiting = new Set<() => void>()
  const library = new Library({
    builtInFolder: SOUND_MODELS.starter,
    folders,
    logger: silent,
    ...options,
    onChange: (change) => {
      options.onChange?.(change)
      for (const look of waiting) look()
    },
    onState: () => {
      for (const look of waiting) look()
    },
  })
  onTestFinished(() => library.close())
  /** Resolves when the library is as asked. */
  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (isSo()) resolve()
      }
      waiting.add(look)
      look()
    })
  return { library, until }
}

async function writeLora(path: string, width = 768): Promise<void> {
  const bytes = new Uint8Array(2 * 4 * width)
  await writeTensors(path, new Map([[LORA, { dtype: 'F16', shape: [4, width], bytes }]]))
}

const names = (list: readonly (ModelSummary | PartSummary)[]) => list.map(({ name }) => name)

describe('parts', () => {
  it('are listed with what is told of them, whatever their folder is called', async () => {
    const folder = await temporaryFolder()
    await writeLora(join(folder, 'Ink.safetensors'), 2048)
    await writeFile(join(folder, 'Ink.json'), JSON.stringify({ 'activation text': 'inkwash', 'preferred weight': 0.7 }))
    await writeFile(join(folder, 'Ink.png'), 'a picture')
    const { library } = open([folder])
    expect(names(await library.refresh())).toEqual(['Starter'])
    const [ink] = library.parts()
    expect(PartSummary.parse(ink)).toEqual({
      id: expect.stringMatching(/^ink-[0-9a-f]{12}$/) as string,
      kind: 'lora',
      name: 'Ink',
      path: join(folder, 'Ink.safetensors'),
      families: ['sdxl'],
      sizeBytes: expect.any(Number) as number,
      preferredWeight: 0.7,
      triggerWords: ['inkwash'],
      description: null,
      hasThumbnail: true,
      sha256: null,
      dataSha256: null,
      problem: null,
    })
    expect(library.findPart(ink?.id ?? '')).toEqual(ink)
    expect(await library.thumbnail(ink?.id ?? '')).toBe(join(folder, 'Ink.png'))
    expect(await library.thumbnail('unknown')).toBeNull()
  })

  it('that cannot be read are what their folder promises; a file of a common name that promises nothing is none', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'Lora'))
    await writeFile(join(folder, 'Lora', 'cut.safetensors'), 'not a header')
    await writeFile(join(folder, 'settings.bin'), 'of another program')
    const { library } = open([folder])
    expect(names(await library.refresh())).toEqual(['Starter'])
    expect(library.parts()).toMatchObject([{ name: 'cut', kind: 'lora', problem: expect.any(String) as string }])
  })

  it('are networks in folders of their own, called by the folder around them', async () => {
    const folder = await temporaryFolder()
    const model = await copyDiffusers('Soft', folder)
    for (const item of await readdir(model)) if (item !== 'vae') await rm(join(model, item), { recursive: true })
    const { library } = open([folder])
    await library.refresh()
    expect(library.parts()).toMatchObject([{ name: 'Soft vae', kind: 'autoencoder', problem: null }])
  })

  it('a U-Net alone, in a folder or a file, says where the fields start that it was distilled for', async () => {
    const folder = await temporaryFolder()
    const model = await copyDiffusers('lcm-soft', folder)
    for (const item of await readdir(model)) if (item !== 'unet') await rm(join(model, item), { recursive: true })
    const file = await copySingleFile('soft_lightning_2step_unet.safetensors', folder)
    await editTensors(file, (tensors) => {
      renamed(tensors, (name) => (name.startsWith('model.diffusion_model.') ? name : null))
    })
    const { library } = open([folder])
    await library.refresh()
    expect(library.parts()).toMatchObject([
      { name: 'lcm-soft unet', kind: 'unet', problem: null, defaults: { steps: 4, sampler: 'lcm' } },
      { name: 'soft_lightning_2step_unet', kind: 'unet', problem: null, defaults: { steps: 2, sampler: 'euler' } },
    ])
  })

  it.each(['pytorch_lora_weights.safetensors', 'adapter_model.safetensors', 'learned_embeds.bin'])(
    'what a library names like all others of its kind is called by its folder: %s',
    async (name) => {
      const folder = join(await temporaryFolder(), 'lcm-lora-sdv1-5')
      await mkdir(folder)
      await writeLora(join(folder, name))
      const { library } = open([folder])
      await library.refresh()
      expect(library.parts()).toMatchObject([{ name: 'lcm-lora-sdv1-5', kind: 'lora', defaults: { guidanceScale: 1 } }])
    },
  )
})

describe('what is remembered', () => {
  it('is not read again while its files are the same', async () => {
    const folder = await temporaryFolder()
    const memoryFile = join(await temporaryFolder(), 'library.json')
    const model = await copySingleFile('photo.safetensors', folder)
    await writeLora(join(folder, 'Ink.safetensors'))
    const first = open([folder], { memoryFile })
    await first.library.refresh()
    const kept = await readFile(memoryFile, 'utf8')
    // Where the weights are is all that tells that they were not read: the same size and time, other bytes.
    const { size } = await readFile(model).then((bytes) => ({ size: bytes.length }))
    const time = new Date(1_700_000_000_000)
    await utimes(model, time, time)
    await first.library.refresh()
    await writeFile(model, new Uint8Array(size))
    await utimes(model, time, time)
    const { library } = open([folder], { memoryFile })
    expect(names(await library.refresh())).toEqual(['Starter', 'photo'])
    expect(library.list()[1]?.problem).toBeNull()
    expect(kept).toContain('photo.safetensors')
    // Of a whole drive as well, whose path ends in a separator.
    const { library: ofDrive } = open([parse(folder).root], { memoryFile })
    await ofDrive.known
    expect(names(ofDrive.list())).toEqual(['Starter', 'photo'])
  })

  it('is found out again where the file is damaged, or another studio wrote it', async () => {
    const folder = await temporaryFolder()
    const memoryFile = join(await temporaryFolder(), 'library.json')
    await copySingleFile('photo.safetensors', folder)
    await writeFile(memoryFile, '{"version": "1", "facts": {"/x": 7')
    const damaged = open([folder], { memoryFile, version: '1' })
    expect(names(await damaged.library.refresh())).toEqual(['Starter', 'photo'])
    const text = await readFile(memoryFile, 'utf8')
    await writeFile(memoryFile, text.replaceAll('"photo"', '"stale"'))
    expect(names(await open([folder], { memoryFile, version: '1' }).library.refresh())).toEqual(['Starter', 'stale'])
    expect(names(await open([folder], { memoryFile, version: '2' }).library.refresh())).toEqual(['Starter', 'photo'])
  })
})

describe('before the first look', () => {
  it('what an earlier studio found is there, of the folders that are still the library’s', async () => {
    const [folder, other] = [await temporaryFolder(), await temporaryFolder()]
    const memoryFile = join(await temporaryFolder(), 'library.json')
    await copySingleFile('photo.safetensors', folder)
    await writeLora(join(folder, 'Ink.safetensors'))
    await copySingleFile('drawing.safetensors', other)
    await open([folder, other], { memoryFile, version: '1' }).library.refresh()
    const { library } = open([folder], { memoryFile, version: '2' })
    await library.known
    expect(names(library.list())).toEqual(['Starter', 'photo'])
    expect(names(library.parts())).toEqual(['Ink'])
  })

  it('a library that remembers nothing knows nothing', async () => {
    const { library } = open([])
    expect(library.list()).toEqual([])
    await library.refresh()
    await library.known
    expect(names(library.list())).toEqual(['Starter'])
  })
})

describe('a library that lives', () => {
  it('notices what comes, changes and goes', async () => {
    const folder = await temporaryFolder()
    const { library, until } = open([folder], { isLive: true })
    await library.refresh()
    const path = await copySingleFile('photo.safetensors', folder)
    await until(() => names(library.list()).includes('photo'))
    await rename(path, join(folder, 'drawing.safetensors'))
    await until(() => names(library.list()).includes('drawing') && !names(library.list()).includes('photo'))
    await writeFile(join(folder, 'drawing.json'), JSON.stringify({ 'activation text': 'pencil' }))
    await until(() => library.list()[1]?.triggerWords[0] === 'pencil')
    await rm(join(folder, 'drawing.safetensors'))
    await until(() => library.list().length === 1)
  }, 60_000)

  it('does not call a file broken that is still on its way', async () => {
    const folder = await temporaryFolder()
    const told: LibraryChange[] = []
    const { library, until } = open([folder], {
      isLive: true,
      settleMs: 2 ** 30,
      onChange: (change) => told.push(change),
    })
    await library.refresh()
    const bytes = await readFile(SOUND_MODELS.singleFile)
    await writeFile(join(folder, 'photo.safetensors'), bytes.subarray(0, 1_000_000))
    await copySingleFile('other.safetensors', folder)
    await until(() => names(library.list()).includes('other'))
    await writeFile(join(folder, 'photo.safetensors'), bytes)
    await until(() => names(library.list()).includes('photo'))
    expect(told.flatMap(({ models }) => models).filter(({ problem }) => problem !== null)).toEqual([])
  }, 60_000)

  it('computes digests one by one, and remembers them', async () => {
    const folder = await temporaryFolder()
    const memoryFile = join(await temporaryFolder(), 'library.json')
    const model = await copySingleFile('photo.safetensors', folder)
    await writeLora(join(folder, 'Ink.safetensors'))
    const { library, until } = open([folder], { isLive: true, memoryFile })
    library.holdDigests(true)
    await library.refresh()
    expect(library.state).toEqual({ isScanning: false, digested: 0, digestible: 2, isPaused: false })
    library.pauseDigests(true)
    library.holdDigests(false)
    expect(library.state).toMatchObject({ digested: 0, isPaused: true })
    library.pauseDigests(false)
    await until(() => library.state.digested === 2)
    await library.close()

    const later = open([folder], { memoryFile })
    await later.library.refresh()
    const sha256 = createHash('sha256')
      .update(await readFile(model))
      .digest('hex')
    expect(later.library.list()[1]).toMatchObject({ sha256, dataSha256: null })
    expect(later.library.parts()[0]?.dataSha256).toBe(
      createHash('sha256')
        .update(new Uint8Array(2 * 4 * 768))
        .digest('hex'),
    )
  })
})

describe('the file of a model', () => {
  it('goes to the trash with the files of its name alone', async () => {
    const folder = await temporaryFolder()
    await copySingleFile('photo.safetensors', folder)
    await writeLora(join(folder, 'Ink.safetensors'))
    await writeLora(join(folder, 'Ink.pt'))
    for (const name of ['photo.json', 'photo.preview.png', 'Ink.json']) await writeFile(join(folder, name), '{}')
    const { library } = open([folder])
    const [, photo] = await library.refresh()
    const trashed: string[] = []
    const trash = async (path: string) => {
      trashed.push(basename(path))
      await rm(path)
    }
    await library.trashFile(photo?.id ?? '', trash)
    await library.trashFile(library.parts().find(({ path }) => path.endsWith('.pt'))?.id ?? '', trash)
    expect(trashed).toEqual(['photo.safetensors', 'photo.preview.png', 'photo.json', 'Ink.pt'])
    expect(names(library.list())).toEqual(['Starter'])
    expect(names(library.parts())).toEqual(['Ink'])
  })

  it('stays where it is the built-in one’s, a folder’s, or unknown', async () => {
    const folder = await temporaryFolder()
    await copyDiffusers('photo', folder)
    const { library } = open([folder])
    const [, photo] = await library.refresh()
    const refuse = () => Promise.reject(new Error('expected nothing to be moved'))
    await expect(library.trashFile('starter', refuse)).rejects.toMatchObject({ code: 'invalid-request' })
    await expect(library.trashFile(photo?.id ?? '', refuse)).rejects.toMatchObject({ code: 'invalid-request' })
    await expect(library.trashFile('gone', refuse)).rejects.toMatchObject({ code: 'not-found' })
  })
})
