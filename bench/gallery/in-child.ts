import { join } from 'node:path'
import type { Logger } from '../../main/contract/failure.ts'
import type { GalleryFilter } from '../../main/contract/image.ts'
import { openDatabase } from '../../main/gallery/database.ts'
import { insertPicture, pictureIds, picturesById } from '../../main/gallery/pictures.ts'
import { alternate, timed } from '../alternate.ts'
import { inTemporaryFolder } from '../temporary-folder.ts'
import { pictureRow } from './rows.ts'

export interface GalleryInput {
  readonly count: number
  readonly repeats: number
  /** What is searched for, typed as a person would. */
  readonly searches: readonly string[]
}

/** Milliseconds through the gallery's own statements, and by scanning the table. */
export interface Against {
  readonly found: number
  readonly gallery: number[]
  readonly scan: number[]
}

export interface GalleryTimes {
  readonly list: Against
  readonly searches: readonly Against[]
  /** The records of the newest 200. */
  readonly details: number[]
}

const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

type Database = ReturnType<typeof openDatabase>['database']

const ALL: GalleryFilter = { text: '', starredOnly: false, order: 'newest' }
const SHOWN = 'trashed_at IS NULL AND missing_at IS NULL'

/** A gallery's database of `count` pictures, listed and searched both ways in turn. */
export async function timeGallery({ count, repeats, searches }: GalleryInput): Promise<GalleryTimes> {
  return inTemporaryFolder(async (folder) => {
    const { database } = openDatabase(join(folder, 'studio.sqlite'), silent)
    try {
      database.transaction(() => {
        for (let i = 0; i < count; i++) insertPicture(database, pictureRow(i))
      })()
      const list = await compare(repeats, database, '')
      const searched: Against[] = []
      for (const text of searches) searched.push(await compare(repeats, database, text))
      const newest = pictureIds(database, ALL).slice(0, 200)
      const { details } = await alternate(repeats, {
        details: () => timed(() => picturesById(database, newest, silent)),
      })
      return { list, searches: searched, details }
    } finally {
      database.close()
    }
  })
}

async function compare(repeats: number, database: Database, text: string): Promise<Against> {
  const filter = { ...ALL, text }
  const found = pictureIds(database, filter).length
  const scanned = scanIds(database, text).length
  if (found !== scanned)
    throw new Error(`"${text}": expected both ways to find the same, found ${found} and ${scanned}`)
  const samples = await alternate(repeats, {
    gallery: () => timed(() => pictureIds(database, filter)),
    scan: () => timed(() => scanIds(database, text)),
  })
  return { found, ...samples }
}

/** What a table without our indexes would be asked: each word somewhere in the request's text. */
function scanIds(database: Database, text: string): unknown[] {
  const words = text.split(' ').filter((word) => word !== '')
  const conditions = [SHOWN, ...words.map(() => 'request LIKE ?')].join(' AND ')
  return database
    .prepare(`SELECT id FROM pictures NOT INDEXED WHERE ${conditions} ORDER BY created_at DESC, number DESC`)
    .pluck()
    .all(...words.map((word) => `%${word}%`))
}
