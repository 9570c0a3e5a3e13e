import type { Database } from 'better-sqlite3'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
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
  if (existsSync(path)) await utimes(path, new Date(), new Date())
  else await writeWhole(path, bytes)
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

/** Requests that may name an input picture; telling which do is left to whoever reads them. */
const REQUESTS_WITH_INPUTS = `
  SELECT request FROM pictures WHERE request LIKE '%"init":{%' OR request LIKE '%"image":"%'
  UNION ALL
  SELECT request FROM jobs WHERE request LIKE '%"init":{%' OR request LIKE '%"image":"%'`

/**
 * Removes the input pictures that no picture and no job names and that were last kept before the time (milliseconds since
 * 1970): a draft may still hold a younger one. An old one that is named counts as kept now, so that most starts find none to
 * ask about and read no requests. How many were removed.
 */
export async function forgetInputs(
  folders: Pick<Folders, 'inputs'>,
  database: Database,
  before: number,
): Promise<number> {
  const old = await oldInputs(folders, before)
  if (old.length === 0) return 0
  const named = namedInputs(database)
  const now = new Date()
  for (const id of old) {
    const path = join(folders.inputs, id)
    await (named.has(id) ? utimes(path, now, now) : rm(path, { force: true }))
  }
  return old.filter((id) => !named.has(id)).length
}

async function oldInputs(folders: Pick<Folders, 'inputs'>, before: number): Promise<string[]> {
  const old: string[] = []
  for (const id of await readdir(folders.inputs)) {
    if ((await stat(join(folders.inputs, id))).mtimeMs < before) old.push(id)
  }
  return old
}

function namedInputs(database: Database): Set<string> {
  const named = new Set<string>()
  for (const request of database.prepare<[], string>(REQUESTS_WITH_INPUTS).pluck().iterate()) {
    for (const [id] of request.matchAll(/[0-9a-f]{64}/g)) named.add(id)
  }
  return named
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
