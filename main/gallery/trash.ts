import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { StudioError } from '../contract/failure.ts'
import type { ImageId } from '../contract/image.ts'
import type { Picture } from './columns.ts'
import { moveFile, removeIfEmpty, writeError } from './files.ts'
import { picturePath, trashPath, type Folders } from './folders.ts'
import { deletePicture, updatePicture } from './pictures.ts'
import { freeFileName, type Place } from './place.ts'

/** Removes a file for good, or hands it to the system's trash. */
export type Discard = (path: string) => Promise<void>

/** Where a picture's file is; null when it is gone. Its row decides, but a move to the trash may not have happened yet. */
export function locate(folders: Folders, picture: Picture): string | null {
  const inGallery = picturePath(folders, picture.fileName)
  const inTrash = trashPath(folders, picture.id, picture.fileName)
  const places = picture.trashedAt === null ? [inGallery] : [inTrash, inGallery]
  return places.find((path) => existsSync(path)) ?? null
}

/**
 * Moves the files of pictures whose rows are in the trash already. One that cannot be moved (open in another program)
 * is told to the log and moved when the gallery is opened next.
 */
export async function moveToTrash({ folders, logger }: Place, pictures: readonly Picture[]): Promise<void> {
  for (const picture of pictures) {
    const from = picturePath(folders, picture.fileName)
    if (!existsSync(from) || existsSync(trashPath(folders, picture.id, picture.fileName))) continue
    try {
      moveFile(from, trashPath(folders, picture.id, picture.fileName))
    } catch (error) {
      logger.warn(`${from}: not moved to the trash yet: ${String(error)}`)
    }
    await nextTurn()
  }
}

/**
 * Brings pictures back from the trash, each under a new name when another file has taken its own.
 * @throws StudioError `not-found` when a file is gone from the trash too, `disk-full`; the others are back
 */
export function restoreFromTrash(place: Place, pictures: readonly Picture[], onRestored: (id: ImageId) => void): void {
  const failures: unknown[] = []
  for (const picture of pictures) {
    try {
      restore(place, picture)
      onRestored(picture.id)
    } catch (error) {
      failures.push(writeError(error, 'a restored picture'))
    }
  }
  if (failures.length > 0) throw failures[0]
}

function restore(place: Place, picture: Picture): void {
  const { database, folders } = place
  const from = locate(folders, picture)
  if (from === null) {
    throw new StudioError('not-found', `expected ${picture.fileName} in the trash, found no such file`)
  }
  const own = picturePath(folders, picture.fileName)
  database
    .transaction(() => {
      const fileName = from === own || !existsSync(own) ? picture.fileName : freeFileName(place, picture)
      updatePicture(database, { ...picture, fileName, trashedAt: null, missingAt: null })
      if (from !== own) moveFile(from, picturePath(folders, fileName))
    })
    .immediate()
  removeIfEmpty(dirname(trashPath(folders, picture.id, picture.fileName)))
}

/**
 * Discards the files of pictures in the trash and removes their rows, until the signal.
 * @returns the ids that are gone; a file that cannot be discarded stays, with a line in the log
 */
export async function discardAll(
  { database, folders, logger }: Place,
  pictures: readonly Picture[],
  discard: Discard,
  signal: AbortSignal,
): Promise<ImageId[]> {
  const gone: ImageId[] = []
  for (const picture of pictures) {
    if (signal.aborted) break
    const path = locate(folders, picture)
    try {
      if (path !== null) await discard(path)
    } catch (error) {
      logger.warn(`${path ?? picture.fileName}: stays in the trash: ${String(error)}`)
      continue
    }
    deletePicture(database, picture.id)
    removeIfEmpty(dirname(trashPath(folders, picture.id, picture.fileName)))
    gone.push(picture.id)
  }
  return gone
}
