import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../../main/contract/failure.ts'
import { Library } from '../../main/library/library.ts'
import { alternate, timed } from '../alternate.ts'
import { inTemporaryFolder } from '../temporary-folder.ts'
import { writeLibrary, writeModel } from './models.ts'

export interface LibraryInput {
  readonly models: number
  readonly loras: number
  readonly repeats: number
}

/** Milliseconds from nothing to the whole list. */
export interface LibraryTimes {
  /** Nothing is remembered: every header is read. */
  readonly first: number[]
  /** Everything is. */
  readonly later: number[]
  /** Everything but one new model. */
  readonly added: number[]
}

const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined }
const STARTER = join(import.meta.dirname, '../../resources/models/starter')

/** A folder of so many models, listed by libraries that remember nothing, and by such that remember it. */
export async function timeLibrary({ models, loras, repeats }: LibraryInput): Promise<LibraryTimes> {
  return inTemporaryFolder(async (folder) => {
    const root = join(folder, 'webui')
    await writeLibrary(root, { models, loras })
    const memoryFile = join(folder, 'library.json')
    const look = async (memory: string | null, expected: number): Promise<void> => {
      const library = new Library({
        builtInFolder: STARTER,
        folders: [root],
        logger: silent,
        ...(memory === null ? {} : { memoryFile: memory }),
      })
      await library.refresh()
      const found = library.list().length + library.parts().length - 1
      if (found !== expected) throw new Error(`expected ${expected} models and parts, found ${found}`)
    }
    const all = models + loras
    await look(memoryFile, all)
    return alternate(repeats, {
      first: () => timed(() => look(null, all)),
      later: () => timed(() => look(memoryFile, all)),
      added: async () => {
        await writeModel(root, 'new')
        const ms = await timed(() => look(memoryFile, all + 1))
        await rm(join(root, 'models', 'Stable-diffusion', 'new.safetensors'))
        await look(memoryFile, all)
        return ms
      },
    })
  })
}
