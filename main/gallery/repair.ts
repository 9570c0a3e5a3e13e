import { existsSync } from 'node:fs'
import type { ImageId } from '../contract/image.ts'
import { picturePath, trashPath } from './folders.ts'
import { readPictureFacts, type ReadEmbedded } from './picture-file.ts'
import { updatePicture } from './pictures.ts'
import { newPicture, type Place } from './place.ts'

interface RawRow {
  readonly name: string
  readonly isStarred: number
  readonly trashedAt: number | null
  readonly jobId: string | null
}

/**
 * Writes a row that does not parse again from its picture's file, keeping the star and the trash.
 * @returns whether the row parses now; false leaves it as it was, for a studio that understands it
 */
export async function repairRow(
  { database, folders, logger }: Place,
  id: ImageId,
  readEmbedded: ReadEmbedded,
): Promise<boolean> {
  const row = database
    .prepare<[string], RawRow>(
      `SELECT file_name AS name, is_starred AS isStarred, trashed_at AS trashedAt, job_id AS jobId
       FROM pictures WHERE id = ?`,
    )
    .get(id)
  if (row === undefined) return false
  const path = [picturePath(folders, row.name), trashPath(folders, id, row.name)].find((place) => existsSync(place))
  const facts = path === undefined ? null : await readPictureFacts(path, readEmbedded, logger)
  if (facts === null) return false
  const picture = newPicture(facts, row.name, row.jobId)
  updatePicture(database, { ...picture, id, isStarred: row.isStarred === 1, trashedAt: row.trashedAt })
  logger.info(`gallery: the row of ${row.name} was written again from its file`)
  return true
}
