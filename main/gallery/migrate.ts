import type { Database } from 'better-sqlite3'
import { readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { StudioError, type Logger } from '../contract/failure.ts'
import { syncFile, writeError } from './files.ts'
import type { Migration } from './migrations/index.ts'

const BACKUPS_KEPT = 2

/**
 * Brings the database to the newest version, each migration in a transaction of its own. A database with anything
 * in it is copied beside itself first.
 * @returns the version found, 0 for an empty database
 * @throws StudioError `internal` for a database of a newer studio, `disk-full`
 */
export function migrate(database: Database, migrations: readonly Migration[], logger: Logger): number {
  const found = schemaVersion(database)
  const newest = migrations.length
  if (found > newest) {
    throw new StudioError(
      'internal',
      `${database.name}: expected a database of version ${newest} or older, found version ${found}, which a newer studio wrote`,
    )
  }
  if (found === newest) return found
  const backup = found === 0 ? null : backUp(database, found)
  for (const migration of migrations) {
    try {
      apply(database, migration)
    } catch (error) {
      const kept = backup === null ? '' : `; a copy from before is at ${backup}`
      logger.error(`${database.name}: migration ${migration.version} (${migration.name}) was undone${kept}`, error)
      throw writeError(error, 'the gallery’s database')
    }
  }
  logger.info(`${database.name}: from version ${found} to ${newest}`)
  return found
}

function apply(database: Database, migration: Migration): void {
  database
    .transaction(() => {
      // Another process may have been first while this one waited for the lock.
      if (schemaVersion(database) >= migration.version) return
      database.exec(migration.sql)
      database.pragma(`user_version = ${migration.version}`)
    })
    .immediate()
}

function schemaVersion(database: Database): number {
  return Number(database.pragma('user_version', { simple: true }))
}

// VACUUM INTO copies one consistent state, whatever other processes write meanwhile; a file copy would not.
function backUp(database: Database, version: number): string {
  const folder = dirname(database.name)
  const stem = basename(database.name, '.sqlite')
  const backup = join(folder, `${stem}.version-${String(version).padStart(4, '0')}.sqlite`)
  const part = `${backup}.${process.pid}.part`
  try {
    rmSync(part, { force: true })
    database.prepare('VACUUM INTO ?').run(part)
    syncFile(part)
    renameSync(part, backup)
  } catch (error) {
    rmSync(part, { force: true })
    throw writeError(error, 'a copy of the gallery’s database')
  }
  const backups = readdirSync(folder).filter((name) => name.startsWith(`${stem}.version-`) && name.endsWith('.sqlite'))
  for (const name of backups.sort().slice(0, -BACKUPS_KEPT)) rmSync(join(folder, name))
  return backup
}
