import { pictures } from './0001-pictures.ts'
import { search } from './0002-search.ts'
import { jobs } from './0003-jobs.ts'

/** A step from one version of the database to the next. Once released it is never changed. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
}

/** All migrations, oldest first; the n-th leads to version n. */
export const migrations: readonly Migration[] = [pictures, search, jobs]
