import type { Migration } from './index.ts'

/** The queue's jobs, in the order they were enqueued; `owner` is the session that answers for a job. */
export const jobs: Migration = {
  version: 3,
  name: 'jobs',
  sql: `
    CREATE TABLE jobs (
      number      INTEGER PRIMARY KEY AUTOINCREMENT,
      id          TEXT NOT NULL UNIQUE,
      batch       TEXT NOT NULL,
      owner       TEXT NOT NULL,
      state       TEXT NOT NULL,
      starts      INTEGER NOT NULL,
      image_id    TEXT,
      created_at  INTEGER NOT NULL,
      started_at  INTEGER,
      finished_at INTEGER,
      note        TEXT,
      failure     TEXT,
      request     TEXT NOT NULL
    ) STRICT;
  `,
}
