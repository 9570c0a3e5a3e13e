import type { Database } from 'better-sqlite3'
import type { Logger } from '../contract/failure.ts'
import type { GalleryFilter, ImageId } from '../contract/image.ts'
import { pictureTable, type Picture } from './columns.ts'
import { writeError } from './files.ts'
import { searchQuery } from './search.ts'

const SHOWN = 'trashed_at IS NULL AND missing_at IS NULL'

/** The statement that lists a filter's picture ids, and its parameters. */
export function idsStatement(filter: GalleryFilter): { sql: string; parameters: string[] } {
  const query = searchQuery(filter.text)
  const direction = filter.order === 'newest' ? 'DESC' : 'ASC'
  const conditions = [
    SHOWN,
    ...(filter.starredOnly ? ['is_starred = 1'] : []),
    // The plus keeps the index of dates in charge: the words found are looked up in it and nothing is sorted.
    ...(query === null ? [] : ['+number IN (SELECT rowid FROM picture_words WHERE picture_words MATCH ?)']),
  ]
  return {
    sql: `SELECT id FROM pictures WHERE ${conditions.join(' AND ')} ORDER BY created_at ${direction}, number ${direction}`,
    parameters: query === null ? [] : [query],
  }
}

/** The ids of the pictures that are shown and pass the filter, in its order. */
export function pictureIds(database: Database, filter: GalleryFilter): ImageId[] {
  const { sql, parameters } = idsStatement(filter)
  return database
    .prepare<string[], ImageId>(sql)
    .pluck()
    .all(...parameters)
}

/** Rows as they were read: pictures, and the ids of rows that did not parse. */
export interface ReadPictures {
  readonly pictures: Picture[]
  readonly broken: ImageId[]
}

/**
 * The pictures of those ids, in the order asked; unknown ids are left out. A row that does not parse (of a damaged
 * page, or of another version of the studio) is left out with a line in the log.
 */
export function picturesById(database: Database, ids: readonly ImageId[], logger: Logger): ReadPictures {
  const rows = database
    .prepare(`SELECT ${pictureTable.columns} FROM pictures WHERE id IN (SELECT value FROM json_each(?))`)
    .all(JSON.stringify(ids))
  const read = parseRows(rows, logger)
  const found = new Map(read.pictures.map((picture) => [picture.id, picture]))
  return { pictures: ids.flatMap((id) => found.get(id) ?? []), broken: read.broken }
}

/** The pictures that were put in the trash at or before the time, oldest first. */
export function trashedPictures(database: Database, until: number, logger: Logger): Picture[] {
  const rows = database
    .prepare(`SELECT ${pictureTable.columns} FROM pictures WHERE trashed_at <= ? ORDER BY trashed_at, number`)
    .all(until)
  return parseRows(rows, logger).pictures
}

/** Adds a picture's row. */
export function insertPicture(database: Database, picture: Picture): void {
  database.prepare(pictureTable.insert).run(pictureTable.toRow(picture))
}

/** Writes all columns of a picture's row anew. */
export function updatePicture(database: Database, picture: Picture): void {
  database.prepare(pictureTable.update).run(pictureTable.toRow(picture))
}

/** Removes a picture's row. */
export function deletePicture(database: Database, id: ImageId): void {
  database.prepare('DELETE FROM pictures WHERE id = ?').run(id)
}

/** Stars or unstars; returns the ids that changed. */
export function markStarred(database: Database, ids: readonly ImageId[], isStarred: boolean): ImageId[] {
  return mark(database, 'is_starred = ?', 'is_starred <> ?', ids, isStarred ? 1 : 0)
}

/** Marks pictures as being in the trash; returns the ids that were not there before. */
export function markTrashed(database: Database, ids: readonly ImageId[], time: number): ImageId[] {
  return mark(database, 'trashed_at = ?', 'trashed_at IS NULL AND ? IS NOT NULL', ids, time)
}

/** Marks pictures as missing from the disk since `time`, or as there again with null; returns the ids that changed. */
export function markMissing(database: Database, ids: readonly ImageId[], time: number | null): ImageId[] {
  return mark(database, 'missing_at = ?', '(missing_at IS NULL) <> (? IS NULL)', ids, time)
}

function mark(
  database: Database,
  assignment: string,
  condition: string,
  ids: readonly ImageId[],
  value: number | null,
): ImageId[] {
  const sql = `UPDATE pictures SET ${assignment}
    WHERE id IN (SELECT value FROM json_each(?)) AND ${condition} RETURNING id`
  try {
    return database
      .prepare<[number | null, string, number | null], ImageId>(sql)
      .pluck()
      .all(value, JSON.stringify(ids), value)
  } catch (error) {
    throw writeError(error, 'the gallery’s database')
  }
}

function parseRows(rows: unknown[], logger: Logger): ReadPictures {
  const read: ReadPictures = { pictures: [], broken: [] }
  for (const row of rows) {
    const result = pictureTable.parse(row)
    if (result.success) {
      read.pictures.push(result.data)
      continue
    }
    const { id, file_name: fileName } = row as Readonly<Record<string, unknown>>
    const issues = result.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`)
    logger.warn(`gallery: the row of ${String(fileName)} (${String(id)}) was left out: ${issues.join('; ')}`)
    if (typeof id === 'string') read.broken.push(id)
  }
  return read
}
