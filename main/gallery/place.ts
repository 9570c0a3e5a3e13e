import type { Database } from 'better-sqlite3'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Logger } from '../contract/failure.ts'
import type { JobId } from '../contract/job.ts'
import type { Picture } from './columns.ts'
import { pictureFileNames } from './file-name.ts'
import { moveFile, syncFile, writeError } from './files.ts'
import { picturePath, type Folders } from './folders.ts'
import type { PictureFacts } from './picture-file.ts'
import { insertPicture } from './pictures.ts'

/** What most work of the gallery is done on. */
export interface Place {
  readonly database: Database
  readonly folders: Folders
  readonly logger: Logger
}

/**
 * Moves a finished picture into the gallery and adds its row, in one transaction. Whenever this is interrupted, the
 * whole picture is either still where it was or in the gallery's folder, and both are looked through later.
 * @throws StudioError `disk-full`, with the picture where it was
 */
export function placePicture(place: Place, from: string, facts: PictureFacts, jobId: JobId | null): Picture {
  const { database, folders } = place
  const moved: string[] = []
  try {
    syncFile(from)
    return database
      .transaction(() => {
        const picture = newPicture(facts, freeFileName(place, facts), jobId)
        insertPicture(database, picture)
        const to = picturePath(folders, picture.fileName)
        moveFile(from, to)
        moved.push(to)
        return picture
      })
      .immediate()
  } catch (error) {
    for (const to of moved) moveFile(to, from)
    throw writeError(error, 'a picture')
  }
}

/** A picture as it enters the gallery. */
export function newPicture(facts: PictureFacts, fileName: string, jobId: JobId | null): Picture {
  return { id: randomUUID(), fileName, ...facts, isStarred: false, trashedAt: null, missingAt: null, jobId }
}

/** A name that neither a file nor a row has, trashed and missing pictures included: theirs stay reserved. */
export function freeFileName(
  { database, folders }: Place,
  { createdAt, request }: Pick<PictureFacts, 'createdAt' | 'request'>,
): string {
  const isTaken = database.prepare<[string], 1>('SELECT 1 FROM pictures WHERE file_name = ?').pluck()
  const names = pictureFileNames(createdAt, request.prompt, request.seed)
  for (;;) {
    const { value } = names.next()
    if (isTaken.get(value) === undefined && !existsSync(picturePath(folders, value))) return value
  }
}
