import type { Job, JobId } from './job.ts'

/** A job as it is kept between sessions, with how many times it was started and did not end. */
export interface KeptJob {
  readonly job: Job
  readonly starts: number
}

/**
 * Where the queue keeps its jobs. Each method is one transaction; a job's progress is not kept.
 * A job belongs to the session that enqueued it, and passes to another once that session has ended.
 */
export interface JobStore {
  /**
   * The ended jobs of all sessions, and the others that are now this session's, in the order they were enqueued.
   * A job that was running has its `imageId` already when its picture reached the gallery.
   */
  takeOver(): KeptJob[]
  /** @throws StudioError `disk-full` */
  insert(jobs: readonly KeptJob[]): void
  /** @throws StudioError `disk-full` */
  update(jobs: readonly KeptJob[]): void
  remove(ids: readonly JobId[]): void
}
