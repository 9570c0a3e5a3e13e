import Database from 'better-sqlite3'
import type { Logger } from '../contract/failure.ts'
import { jobTable, pictureTable } from './columns.ts'
import type { Table } from './table.ts'

/**
 * Copies the rows that can still be read from a damaged database into a new one: what files cannot tell (stars, the
 * trash, waiting jobs) is kept where the damage left it. Rows that do not parse are not taken; a picture comes back
 * from its file instead.
 */
export function salvage(damagedPath: string, into: Database.Database, logger: Logger): void {
  const pictures = salvageTable(damagedPath, into, 'pictures', pictureTable)
  const jobs = salvageTable(damagedPath, into, 'jobs', jobTable)
  logger.info(`${damagedPath}: ${pictures} pictures and ${jobs} jobs were read from it`)
}

function salvageTable<T>(damagedPath: string, into: Database.Database, name: string, table: Table<T>): number {
  const sql = `SELECT number, ${table.columns} FROM ${name} ORDER BY number`
  // From both ends, because reading stops at the first damaged page.
  const rows = [...readableRows(damagedPath, `${sql} ASC`), ...readableRows(damagedPath, `${sql} DESC`).reverse()]
  const insert = into.prepare(table.insert.replace('INSERT', 'INSERT OR IGNORE'))
  return into
    .transaction(() =>
      rows
        .map((row) => table.parse(row))
        .reduce((count, record) => count + (record.success ? insert.run(table.toRow(record.data)).changes : 0), 0),
    )
    .immediate()
}

// Whatever SQLite throws here says that the rest cannot be read, which is known; the file stays for a specialist.
function readableRows(path: string, sql: string): unknown[] {
  const rows: unknown[] = []
  let database: Database.Database | null = null
  try {
    database = new Database(path, { readonly: true })
    for (const row of database.prepare(sql).iterate()) rows.push(row)
    return rows
  } catch {
    return rows
  } finally {
    database?.close()
  }
}
