import type { Migration } from './index.ts'

/** A row for each picture. A picture that is shown is neither in the trash nor missing from the disk. */
export const pictures: Migration = {
  version: 1,
  name: 'pictures',
  sql: `
    CREATE TABLE pictures (
      number     INTEGER PRIMARY KEY AUTOINCREMENT,
      id         TEXT NOT NULL UNIQUE,
      file_name  TEXT NOT NULL UNIQUE,
      created_at INTEGER NOT NULL,
      width_px   INTEGER NOT NULL,
      height_px  INTEGER NOT NULL,
      size_bytes INTEGER NOT NULL,
      is_starred INTEGER NOT NULL,
      trashed_at INTEGER,
      missing_at INTEGER,
      job_id     TEXT,
      request    TEXT NOT NULL,
      origin     TEXT NOT NULL,
      duration_ms REAL
    ) STRICT;

    -- The columns of the conditions are in the indexes too, so that listing never reads the table.
    CREATE INDEX pictures_shown ON pictures (created_at, number, id, trashed_at, missing_at)
      WHERE trashed_at IS NULL AND missing_at IS NULL;
    CREATE INDEX pictures_starred ON pictures (created_at, number, id, is_starred, trashed_at, missing_at)
      WHERE is_starred = 1 AND trashed_at IS NULL AND missing_at IS NULL;
    CREATE INDEX pictures_trashed ON pictures (trashed_at) WHERE trashed_at IS NOT NULL;
    CREATE INDEX pictures_missing ON pictures (created_at, size_bytes) WHERE missing_at IS NOT NULL;
    CREATE INDEX pictures_by_job ON pictures (job_id) WHERE job_id IS NOT NULL;
  `,
}
