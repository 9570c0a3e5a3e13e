import type { Database } from 'better-sqlite3'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { ImageId, type GalleryChange } from '../contract/image.ts'
import { pictureTable, type Picture } from './columns.ts'
import { moveFile, writeError } from './files.ts'
import { picturePath, trashPath, type Folders } from './folders.ts'
import { readPictureFacts, type PictureFacts, type ReadEmbedded } from './picture-file.ts'
import { insertPicture, markMissing, updatePicture } from './pictures.ts'
import { freeFileName, newPicture, type Place } from './place.ts'

// Few enough that the window fills while a large gallery is read again.
const BATCH = 50

interface Reconciling extends Place {
  readonly readEmbedded: ReadEmbedded
  readonly signal: AbortSignal
  readonly onChange: (change: Partial<GalleryChange>) => void
}

/**
 * Brings the rows in step with the files: pictures whose file is gone are marked missing, those whose file is back
 * are shown again, and files without a row get one from their embedded parameters, those in the trash too.
 * Ends early, with what is done so far, once the signal is aborted.
 * @throws StudioError `disk-full`
 */
export async function reconcile(work: Reconciling): Promise<void> {
  const files = await pictureFiles(work.folders)
  if (work.signal.aborted) return
  markGoneAndBack(work, files)
  await takeInUnknown(work, files)
  await takeInTrash(work)
}

// File names relative to the gallery's folder, with forward slashes. Folders that begin with a dot are not the user's.
async function pictureFiles({ gallery }: Folders): Promise<Set<string>> {
  const entries = await readdir(gallery, { recursive: true })
  const names = entries.map((name) => name.split(sep).join('/'))
  return new Set(names.filter((name) => name.toLowerCase().endsWith('.png') && !/(^|\/)\./.test(name)))
}

function markGoneAndBack({ database, folders, logger, onChange }: Reconciling, files: Set<string>): void {
  const rows = database
    .prepare<[], { id: ImageId; name: string; isMissing: 0 | 1 }>(
      'SELECT id, file_name AS name, missing_at IS NOT NULL AS isMissing FROM pictures WHERE trashed_at IS NULL',
    )
    .all()
  // A picture adopted since the folders were read is in no list, so each is looked for once more.
  const isThere = (name: string): boolean => files.has(name) || existsSync(picturePath(folders, name))
  const gone = rows.filter(({ name, isMissing }) => isMissing === 0 && !isThere(name))
  const back = rows.filter(({ name, isMissing }) => isMissing === 1 && isThere(name))
  const idOf = ({ id }: { id: ImageId }): ImageId => id
  const removed = markMissing(database, gone.map(idOf), Date.now())
  const added = markMissing(database, back.map(idOf), null)
  if (removed.length > 0) logger.warn(`gallery: ${removed.length} pictures are gone from ${folders.gallery}`)
  onChange({ added, removed })
}

async function takeInUnknown(work: Reconciling, files: Set<string>): Promise<void> {
  const names = work.database.prepare<[], string>('SELECT file_name FROM pictures').pluck().all()
  const known = new Set(names.map(key))
  const unknown = [...files].filter((name) => !known.has(key(name))).sort()
  for (let start = 0; start < unknown.length; start += BATCH) {
    const batch = await readAll(work, unknown.slice(start, start + BATCH))
    if (work.signal.aborted) return
    work.onChange({ added: inTransaction(work.database, () => batch.flatMap((found) => takeIn(work, found) ?? [])) })
  }
}

// Some systems spell an accented letter another way than it was given, or take A and a for the same name.
function key(name: string): string {
  return process.platform === 'linux' ? name : name.normalize('NFC').toLowerCase()
}

interface Found {
  readonly name: string
  readonly facts: PictureFacts
}

async function readAll({ folders, readEmbedded, logger, signal }: Reconciling, names: string[]): Promise<Found[]> {
  const found: Found[] = []
  for (const name of names) {
    if (signal.aborted) break
    const facts = await readPictureFacts(picturePath(folders, name), readEmbedded, logger)
    if (facts !== null) found.push({ name, facts })
  }
  return found
}

function takeIn({ database, folders }: Reconciling, { name, facts }: Found): ImageId | null {
  // It may have been renamed, or adopted by another process, while it was read.
  const isKnown = database.prepare<[string], 1>('SELECT 1 FROM pictures WHERE file_name = ?').pluck().get(name) === 1
  if (isKnown || !existsSync(picturePath(folders, name))) return null
  const moved = missingTwin(database, facts)
  if (moved === null) {
    const picture = newPicture(facts, name, null)
    insertPicture(database, picture)
    return picture.id
  }
  updatePicture(database, { ...moved, fileName: name, missingAt: null })
  return moved.id
}

/** Finds the missing pictures whose files had the given time and size. */
export const MISSING_TWINS = `SELECT ${pictureTable.columns} FROM pictures
  WHERE missing_at IS NOT NULL AND created_at = ? AND size_bytes = ? AND trashed_at IS NULL`

// The user has moved or renamed a file: the same bytes elsewhere are the same picture, with its star.
function missingTwin(database: Database, { createdAt, sizeBytes, request }: PictureFacts): Picture | null {
  for (const row of database.prepare(MISSING_TWINS).all(createdAt, sizeBytes)) {
    const { data } = pictureTable.parse(row)
    if (data && JSON.stringify(data.request) === JSON.stringify(request)) return data
  }
  return null
}

// In the trash each picture has a folder of its own, named by its id.
async function takeInTrash(work: Reconciling): Promise<void> {
  const { database, folders, readEmbedded, logger } = work
  const isKnown = database.prepare<[string], 1>('SELECT 1 FROM pictures WHERE id = ?').pluck()
  for (const id of readdirSync(folders.trash)) {
    if (!ImageId.safeParse(id).success || isKnown.get(id) === 1) continue
    for (const name of readdirSync(join(folders.trash, id))) {
      const path = trashPath(folders, id, name)
      const facts = await readPictureFacts(path, readEmbedded, logger)
      if (work.signal.aborted) return
      if (facts === null || isKnown.get(id) === 1) continue
      const trashedAt = Math.floor(statSync(join(folders.trash, id)).mtimeMs)
      inTransaction(database, () => insertTrashed(work, path, { ...newPicture(facts, name, null), id, trashedAt }))
    }
  }
}

// Its old folder is not known any more; it gets a name that is free to restore it to.
function insertTrashed(place: Place, path: string, picture: Picture): void {
  const fileName = freeFileName(place, picture)
  insertPicture(place.database, { ...picture, fileName })
  const named = trashPath(place.folders, picture.id, fileName)
  if (named !== path) moveFile(path, named)
}

function inTransaction<T>(database: Database, change: () => T): T {
  try {
    return database.transaction(change).immediate()
  } catch (error) {
    throw writeError(error, 'the gallery’s database')
  }
}
