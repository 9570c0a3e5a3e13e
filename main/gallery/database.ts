import Database from 'better-sqlite3'
import { existsSync, renameSync } from 'node:fs'
import { StudioError, type Logger } from '../contract/failure.ts'
import { errorCode, writeError } from './files.ts'
import { migrate } from './migrate.ts'
import { migrations as allMigrations, type Migration } from './migrations/index.ts'
import { salvage } from './salvage.ts'
import { searchWords } from './search.ts'

// Two shells, or a shell and the command line, may write at once; each waits for the other's transaction.
const BUSY_TIMEOUT_MS = 10_000

interface OpenDatabase {
  readonly database: Database.Database
  /** True when rows may be missing that the files know of: the database was new, or a damaged one was replaced. */
  readonly isIncomplete: boolean
}

/**
 * The studio's database, whole and of the newest version. A damaged file is moved aside, and what can be read of it
 * is copied into a new one.
 * @throws StudioError `disk-full`; `internal` for a database of a newer studio or one that cannot be opened
 */
export function openDatabase(path: string, logger: Logger): OpenDatabase {
  try {
    const { database, version } = connect(path, logger)
    return { database, isIncomplete: version === 0 }
  } catch (error) {
    if (!isDamage(error)) throw explained(error, path)
    const aside = moveAside(path)
    logger.error(`${path} is damaged. It was moved to ${aside}; the gallery is built again from the pictures`, error)
    const { database } = connect(path, logger)
    salvage(aside, database, logger)
    return { database, isIncomplete: true }
  }
}

/**
 * A connection with the studio's settings, migrated.
 * @returns also the version the file had, 0 for a new one
 */
export function connect(
  path: string,
  logger: Logger,
  migrations: readonly Migration[] = allMigrations,
): { database: Database.Database; version: number } {
  const database = new Database(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    database.pragma('journal_mode = WAL')
    // There are few writes, one or two a picture, and each is something the user would miss after a power cut.
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    checkWhole(database)
    database.function('search_words', { deterministic: true }, (text: unknown) =>
      typeof text === 'string' ? searchWords(text) : '',
    )
    return { database, version: migrate(database, migrations, logger) }
  } catch (error) {
    database.close()
    throw error
  }
}

class DamagedDatabase extends Error {}

// About 0.3 s for 100,000 pictures; a damage found later would be found by a user who looks for a picture.
function checkWhole(database: Database.Database): void {
  const found = String(database.pragma('quick_check(1)', { simple: true }))
  if (found !== 'ok') throw new DamagedDatabase(found)
}

function isDamage(error: unknown): boolean {
  const code = errorCode(error) ?? ''
  return error instanceof DamagedDatabase || code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')
}

function explained(error: unknown, path: string): unknown {
  const explained = writeError(error, 'the gallery’s database')
  if (explained instanceof StudioError) return explained
  return new StudioError('internal', `${path}: expected a database that can be opened, found an error`, {
    cause: error,
  })
}

function moveAside(path: string): string {
  const time = new Date().toISOString().replace(/[:.]/g, '-')
  const aside = path.replace(/\.sqlite$/, `.damaged-${time}.sqlite`)
  // The log of unfinished writes belongs to its database: beside a new one it would damage that too.
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix)
  }
  return aside
}
