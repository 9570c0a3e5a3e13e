import * as z from 'zod'
import type { ImageId } from '../contract/image.ts'
import { ImageRecord } from '../contract/image.ts'
import { Job, JobId, type JobState } from '../contract/job.ts'
import { flag, json, optional, plain, table } from './table.ts'

/** A picture as the gallery keeps it: what the window sees, and what only the gallery needs. */
const Picture = ImageRecord.extend({
  /** When its file was first found to be gone; the row stays, because the file may come back. */
  missingAt: z.int().nullable(),
  /** The job that made it. */
  jobId: JobId.nullable(),
})
export type Picture = z.infer<typeof Picture>

export const pictureTable = table<Picture>(
  'pictures',
  {
    id: plain('id'),
    fileName: plain('file_name'),
    createdAt: plain('created_at'),
    widthPx: plain('width_px'),
    heightPx: plain('height_px'),
    sizeBytes: plain('size_bytes'),
    isStarred: flag('is_starred'),
    trashedAt: plain('trashed_at'),
    missingAt: plain('missing_at'),
    jobId: plain('job_id'),
    request: json('request'),
    origin: json('origin'),
    durationMs: plain('duration_ms'),
  },
  Picture,
)

/** A job as the store keeps it: without progress, with the session that answers for it. */
const StoredJob = Job.omit({ progress: true }).extend({
  starts: z.int().min(0),
  owner: z.string(),
})
export type StoredJob = z.infer<typeof StoredJob>

export const jobTable = table<StoredJob>(
  'jobs',
  {
    id: plain<JobId>('id'),
    batch: plain('batch'),
    owner: plain('owner'),
    state: plain<JobState>('state'),
    starts: plain('starts'),
    imageId: plain<ImageId | null>('image_id'),
    createdAt: plain('created_at'),
    startedAt: plain('started_at'),
    finishedAt: plain('finished_at'),
    note: optional('note'),
    failure: json('failure'),
    request: json('request'),
  },
  StoredJob,
)
