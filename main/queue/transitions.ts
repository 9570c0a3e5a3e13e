import { StudioError, toFailure } from '../contract/failure.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import { LIMITS } from '../contract/generation.ts'
import type { Job, JobId } from '../contract/job.ts'
import type { KeptJob } from '../contract/job-store.ts'

// A job that takes the studio down each time must not do so for ever.
const STARTS_ALLOWED = 3

/** How a run may end. */
export type JobEnd = Pick<Job, 'state'> & Partial<Pick<Job, 'imageId' | 'failure'>>

/** A job as it is enqueued. */
export function newJob(id: JobId, batch: string, request: GenerationRequest, createdAt: number): Job {
  return {
    id,
    batch,
    request,
    state: 'waiting',
    progress: null,
    failure: null,
    imageId: null,
    createdAt,
    startedAt: null,
    finishedAt: null,
  }
}

/** The seed of the i-th picture of a batch; after the largest comes 0. */
export function seedAfter(seed: number, i: number): number {
  const room = LIMITS.seed.max - seed
  return i <= room ? seed + i : LIMITS.seed.min + (i - room - 1)
}

/** Whether nothing more happens to the job. */
export function hasEnded({ state }: Job): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled'
}

/** The job at its end. */
export function ended(job: Job, end: JobEnd, finishedAt: number): Job {
  return { ...job, ...end, progress: null, finishedAt }
}

/** How a run that threw has ended: cancelled when that was asked or is what it says, else failed. */
export function endOf(error: unknown, signal: AbortSignal): JobEnd {
  const isCancelled = signal.aborted || (error instanceof StudioError && error.code === 'cancelled')
  return isCancelled ? { state: 'cancelled' } : { state: 'failed', failure: toFailure(error) }
}

/** A running job that the studio's closing puts back; the start does not count, because nothing went wrong. */
export function putBack({ job, starts }: KeptJob): KeptJob {
  return {
    job: waitingAgain(job, 'The studio was closed while this was running; it starts again.'),
    starts: starts - 1,
  }
}

/**
 * A job as the next session finds it. One that was running when its session died waits again, because its request is
 * complete and makes the same picture; unless the picture had been made, or it took the studio down each time.
 */
export function takenOver({ job, starts }: KeptJob, now: number): KeptJob {
  if (job.state !== 'running') return { job, starts }
  if (job.imageId !== null) return { job: ended(job, { state: 'done' }, now), starts }
  if (starts < STARTS_ALLOWED) {
    return { job: waitingAgain(job, 'The studio ended while this was running; it starts again.'), starts }
  }
  const message = `The studio ended ${starts} times while this was running, so it was not started again.`
  return { job: ended(job, { state: 'failed', failure: { code: 'runtime-crashed', message } }, now), starts }
}

function waitingAgain(job: Job, note: string): Job {
  return { ...job, state: 'waiting', progress: null, startedAt: null, note }
}
