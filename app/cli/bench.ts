import { createHash, randomUUID } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { StudioError } from '../../main/contract/failure.ts'
import type { GenerationRequest, InputId } from '../../main/contract/generation.ts'
import type { Settings } from '../../main/contract/settings.ts'
import { readPicture } from '../../main/image/picture.ts'
import { openGallery, type ModelParts } from '../parts.ts'
import { createMaker, filesOf, runSettings } from '../make-picture.ts'
import type { RunListeners } from '../studio-host.ts'
import type { Made } from './report.ts'
import type { Surroundings } from './surroundings.ts'

/** Where pictures are made: into the gallery, or into a file alone. */
export interface Bench {
  /** Keeps a picture that the command line names in `option`. @throws StudioError not-found, invalid-request */
  readonly keepInput: (file: string, option: string) => Promise<InputId>
  /** @param out where a copy goes; always given when there is no gallery */
  make(request: GenerationRequest, listeners: RunListeners, out: string | null): Promise<Made>
  close(): Promise<void>
}

/** Pictures go to the user's gallery, where a window that is open shows them too. */
export async function galleryBench(models: ModelParts, { paths, logger }: Surroundings): Promise<Bench> {
  const gallery = await openGallery({ paths, logger })
  const makePicture = createMaker({ ...models, gallery, settings: () => unwatched(models.settings.current) })
  return {
    keepInput: async (file, option) => (await gallery.keepInput(await readInput(file, option))).id,
    async make(request, listeners, out) {
      const { id, origin } = await makePicture(randomUUID(), request, listeners)
      const kept = await gallery.filePath(id, 'full')
      if (out !== null) await writeWhole(kept, out)
      return { file: out === null ? kept : resolve(out), id, request, origin }
    },
    close: () => gallery.close(),
  }
}

/** Pictures go to their files and leave no trace elsewhere. */
export async function temporaryBench({ host, library, settings }: ModelParts): Promise<Bench> {
  const stagingFolder = await mkdtemp(join(tmpdir(), 'latent-studio-'))
  const inputs = new Map<InputId, string>()
  return {
    keepInput: async (file, option) => {
      const bytes = await readInput(file, option)
      await readPicture(bytes)
      const id = createHash('sha256').update(bytes).digest('hex')
      inputs.set(id, resolve(file))
      return id
    },
    async make(request, listeners, out) {
      const task = {
        jobId: randomUUID(),
        request,
        ...filesOf(request, library, (id) => inputs.get(id) ?? id),
        stagingFolder,
        ...runSettings(unwatched(settings.current)),
      }
      const { pictureName, origin } = await host.run(task, listeners)
      const file = resolve(out ?? pictureName)
      await writeWhole(join(stagingFolder, pictureName), file)
      return { file, id: null, request, origin }
    },
    close: () => rm(stagingFolder, { recursive: true, force: true }),
  }
}

/** Nobody sees the previews of a command line. */
function unwatched(settings: Settings): Settings {
  return { ...settings, showPreviews: false }
}

async function readInput(file: string, option: string): Promise<Uint8Array> {
  return await readFile(file).catch((cause: unknown) => {
    throw new StudioError('not-found', `--${option}: expected a picture at ${file}, found no file that can be read`, {
      cause,
    })
  })
}

// A reader of the folder never sees half a picture.
async function writeWhole(from: string, to: string): Promise<void> {
  await mkdir(dirname(resolve(to)), { recursive: true })
  const draft = `${to}.${process.pid}.part`
  try {
    await copyFile(from, draft)
    await rename(draft, to)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
