import type { Database } from 'better-sqlite3'
import type { ImageId } from '../contract/image.ts'

/** Watches for pictures that another process (the command line, a second shell) adds to the same database. */
export class OtherWriters {
  readonly #database: Database
  readonly #own = new Set<ImageId>()
  #dataVersion: number
  #newest: number

  constructor(database: Database) {
    this.#database = database
    this.#dataVersion = this.#readDataVersion()
    this.#newest = this.#readNewest()
  }

  /** Notes a picture that this process added. */
  ownAdded(id: ImageId): void {
    this.#own.add(id)
  }

  /** The pictures that others have added since the last call; next to nothing is read when there are none. */
  added(): ImageId[] {
    const dataVersion = this.#readDataVersion()
    if (dataVersion === this.#dataVersion) return []
    this.#dataVersion = dataVersion
    const ids = this.#database
      .prepare<[number], ImageId>(
        'SELECT id FROM pictures WHERE number > ? AND trashed_at IS NULL AND missing_at IS NULL ORDER BY number',
      )
      .pluck()
      .all(this.#newest)
    this.#newest = this.#readNewest()
    const others = ids.filter((id) => !this.#own.has(id))
    this.#own.clear()
    return others
  }

  // SQLite changes it when another connection has committed.
  #readDataVersion(): number {
    return Number(this.#database.pragma('data_version', { simple: true }))
  }

  #readNewest(): number {
    return this.#database.prepare<[], number>('SELECT coalesce(max(number), 0) FROM pictures').pluck().get() ?? 0
  }
}
