import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StudioError } from '../contract/failure.ts'
import { InputId } from '../contract/generation.ts'
import type { InputImage } from '../contract/image.ts'
import { writeError } from './files.ts'
import type { Folders } from './folders.ts'

/** The size of a picture in any format the studio reads. @throws StudioError `invalid-request` for other bytes */
export type Describe = (bytes: Uint8Array) => Promise<{ widthPx: number; heightPx: number }>

/**
 * Keeps an input picture under the hash of its bytes, so that the same picture is kept once and a request that names
 * it means these bytes for ever.
 * @throws StudioError `invalid-request` when the bytes are no picture, `disk-full`
 */
export async function keepInput(folders: Folders, bytes: Uint8Array, describe: Describe): Promise<InputImage> {
  const { widthPx, heightPx } = await describe(bytes)
  const id = createHash('sha256').update(bytes).digest('hex')
  const path = join(folders.inputs, id)
  if (!existsSync(path)) await writeWhole(path, bytes)
  return { id, widthPx, heightPx }
}

/**
 * Where an input picture's file is.
 * @throws StudioError `not-found`
 */
export function inputPath(folders: Pick<Folders, 'inputs'>, id: InputId): string {
  const path = InputId.safeParse(id).success ? join(folders.inputs, id) : null
  if (path !== null && existsSync(path)) return path
  throw new StudioError('not-found', `expected an input picture with the id ${id}, found none`)
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.${randomUUID()}.part`
  try {
    const file = await open(part, 'w')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw writeError(error, 'an input picture')
  }
}
