import type { Database } from 'better-sqlite3'
import type { Logger } from '../contract/failure.ts'
import type { ImageId } from '../contract/image.ts'
import { Job, type JobId } from '../contract/job.ts'
import type { JobStore, KeptJob } from '../contract/job-store.ts'
import { jobTable } from './columns.ts'
import { writeError } from './files.ts'
import type { Session } from './session.ts'

const ENDED = "state IN ('done', 'failed', 'cancelled')"

/** The queue's jobs in the studio's database. A job that is not ended belongs to a session; see `JobStore`. */
export function jobStore(database: Database, session: Session, logger: Logger): JobStore {
  return {
    takeOver: () => inTransaction(database, () => takeOver(database, session, logger)),
    insert: (jobs) => writeEach(database, jobTable.insert, jobs, session),
    update: (jobs) => writeEach(database, jobTable.update, jobs, session),
    remove: (ids) => {
      inTransaction(database, () =>
        database.prepare('DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?))').run(JSON.stringify(ids)),
      )
    },
  }
}

function takeOver(database: Database, session: Session, logger: Logger): KeptJob[] {
  const owners = database.prepare<[], string>(`SELECT DISTINCT owner FROM jobs WHERE NOT ${ENDED}`).pluck().all()
  const claim = database.prepare(`UPDATE jobs SET owner = ? WHERE owner = ? AND NOT ${ENDED}`)
  for (const owner of owners) if (!session.isAlive(owner)) claim.run(session.id, owner)
  return database
    .prepare(`SELECT ${jobTable.columns} FROM jobs WHERE owner = ? OR ${ENDED} ORDER BY number`)
    .all(session.id)
    .flatMap((row) => parseRow(database, row, logger) ?? [])
}

// A row that does not parse stays in the database, for a studio that understands it.
function parseRow(database: Database, row: unknown, logger: Logger): KeptJob | null {
  const { data, error } = jobTable.parse(row)
  if (error) {
    logger.warn(`queue: the job ${String((row as { id?: unknown }).id)} was left out: ${error.message}`)
    return null
  }
  const imageId = data.state === 'running' ? pictureOf(database, data.id) : data.imageId
  return { job: Job.parse({ ...data, imageId, progress: null }), starts: data.starts }
}

function pictureOf(database: Database, id: JobId): ImageId | null {
  return database.prepare<[JobId], ImageId>('SELECT id FROM pictures WHERE job_id = ?').pluck().get(id) ?? null
}

function writeEach(database: Database, sql: string, jobs: readonly KeptJob[], session: Session): void {
  const statement = database.prepare(sql)
  inTransaction(database, () => {
    for (const { job, starts } of jobs) statement.run(jobTable.toRow({ ...job, starts, owner: session.id }))
  })
}

function inTransaction<T>(database: Database, change: () => T): T {
  try {
    return database.transaction(change).immediate()
  } catch (error) {
    throw writeError(error, 'the queue')
  }
}
