import { randomUUID } from 'node:crypto'
import type * as z from 'zod'
import { StudioError, type Logger } from '../contract/failure.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import type { ImageId } from '../contract/image.ts'
import type { EnqueueInput, Job, JobId, Progress } from '../contract/job.ts'
import type { JobStore, KeptJob } from '../contract/job-store.ts'
import { ended, endOf, hasEnded, newJob, putBack, seedAfter, takenOver } from './transitions.ts'

export interface RunContext {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  /** Told, in a sentence, what of the job was not as asked. */
  readonly onNote: (note: string) => void
}

/** Makes one job's picture. It rejects when it cannot, and soon after the signal is aborted. */
export type RunJob = (job: Job, context: RunContext) => Promise<ImageId>

export interface JobQueueOptions {
  readonly store: JobStore
  readonly run: RunJob
  readonly logger: Logger
  /** Told after each change of a job, its progress too. */
  readonly onChange?: (job: Job) => void
  readonly onRemoved?: (ids: JobId[]) => void
}

// The list the user sees stays readable, and the database small.
const ENDED_JOBS_KEPT = 200

interface Running {
  readonly id: JobId
  readonly abort: AbortController
  /** The queue is closing, and the job waits for the next one. */
  isPutBack: boolean
}

/**
 * The jobs, one running at a time: first those that were interrupted, then in the order they were enqueued. States
 * are kept in the store as they change, so that a new queue goes on where the last one ended.
 */
export class JobQueue {
  readonly #store: JobStore
  readonly #run: RunJob
  readonly #logger: Logger
  readonly #onChange: (job: Job) => void
  readonly #onRemoved: (ids: JobId[]) => void
  // In the order they were enqueued.
  readonly #jobs = new Map<JobId, KeptJob>()
  #running: Running | null = null
  #isOpen = false
  #work: Promise<void> = Promise.resolve()

  /** A queue with the jobs of the store; none runs before `start`. */
  constructor({ store, run, logger, onChange = () => undefined, onRemoved = () => undefined }: JobQueueOptions) {
    this.#store = store
    this.#run = run
    this.#logger = logger
    this.#onChange = onChange
    this.#onRemoved = onRemoved
    const found = store.takeOver()
    const jobs = found.map((kept) => takenOver(kept, Date.now()))
    for (const kept of jobs) this.#jobs.set(kept.job.id, kept)
    this.#save(jobs.filter(({ job }, i) => job.state !== found[i]?.job.state))
  }

  /** Begins to work through the jobs. */
  start(): void {
    this.#isOpen = true
    this.#goOn()
  }

  /** All jobs, in the order they were enqueued. */
  list(): Job[] {
    return [...this.#jobs.values()].map(({ job }) => job)
  }

  /**
   * Adds `count` jobs as one batch, the i-th with seed + i; after the largest seed comes 0.
   * @param finish what else each job's own request needs, once its seed is known
   * @throws StudioError `disk-full`, and what `finish` throws; none is added then
   */
  enqueue(
    { request, count }: z.infer<typeof EnqueueInput>,
    finish = (seeded: GenerationRequest): GenerationRequest => seeded,
  ): JobId[] {
    const batch = randomUUID()
    const createdAt = Date.now()
    const added = Array.from({ length: count }, (_, i): KeptJob => {
      const seeded = finish({ ...request, seed: seedAfter(request.seed, i) })
      return { job: newJob(randomUUID(), batch, seeded, createdAt), starts: 0 }
    })
    this.#store.insert(added)
    for (const kept of added) this.#set(kept)
    this.#goOn()
    return added.map(({ job }) => job.id)
  }

  /**
   * Cancels a job: at once when it waits; a running one when its run has stopped, which it does before its next step
   * ends. A job that has ended is left as it is.
   * @throws StudioError `not-found`
   */
  cancel(id: JobId): void {
    this.#cancel([this.#require(id)])
  }

  /** Cancels the running job and all that wait. */
  cancelAll(): void {
    this.#cancel([...this.#jobs.values()])
  }

  /**
   * Adds a new job with the request of one that has ended.
   * @throws StudioError `not-found`, `invalid-request` for a job that has not ended, `disk-full`
   */
  retry(id: JobId): JobId {
    const { job } = this.#require(id)
    if (!hasEnded(job)) {
      throw new StudioError('invalid-request', `expected a job that has ended, found one that is ${job.state}`)
    }
    const [added] = this.enqueue({ request: job.request, count: 1 })
    if (added === undefined) throw new StudioError('internal', 'expected one new job, found none')
    return added
  }

  /** Forgets the jobs that have ended. */
  clearFinished(): void {
    this.#forget(this.list().filter(hasEnded))
  }

  /** Settles when nothing runs and nothing can start. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#work
  }

  /**
   * Stops for this session: the running job goes back to waiting for the next one, unless it was being cancelled.
   * @returns when its run has stopped; the store can be closed then
   */
  async close(): Promise<void> {
    this.#isOpen = false
    if (this.#running !== null && !this.#running.abort.signal.aborted) {
      // Written before the run has stopped, because who ends the process may not wait for that.
      this.#save([putBack(this.#require(this.#running.id))])
      this.#running.isPutBack = true
      this.#running.abort.abort()
    }
    await this.#work
  }

  #cancel(jobs: KeptJob[]): void {
    const cancelled = jobs
      .filter(({ job }) => !hasEnded(job))
      .map((kept) => ({ ...kept, job: ended(kept.job, { state: 'cancelled' }, Date.now()) }))
    // The store has the running job cancelled already: should the studio die before its run stops, it stays so.
    this.#save(cancelled)
    for (const kept of cancelled) {
      if (this.#running?.id === kept.job.id) this.#running.abort.abort()
      else this.#set(kept)
    }
    this.#forgetSurplus()
  }

  #goOn(): void {
    if (!this.#isOpen || this.#running !== null) return
    const waiting = [...this.#jobs.values()].filter(({ job }) => job.state === 'waiting')
    const next = waiting.find(({ starts }) => starts > 0) ?? waiting[0]
    if (next === undefined) return
    const running: Running = { id: next.job.id, abort: new AbortController(), isPutBack: false }
    this.#running = running
    this.#work = this.#runOne(next, running).then(() => {
      this.#running = null
      this.#goOn()
    })
  }

  async #runOne({ job, starts }: KeptJob, running: Running): Promise<void> {
    const started: KeptJob = { job: { ...job, state: 'running', startedAt: Date.now() }, starts: starts + 1 }
    this.#save([started])
    this.#set(started)
    const settled = await this.#settle(started, running)
    this.#save([settled])
    this.#set(settled)
    this.#forgetSurplus()
  }

  async #settle(started: KeptJob, running: Running): Promise<KeptJob> {
    const { job, starts } = started
    const { signal } = running.abort
    let isOver = false
    const onProgress = (progress: Progress): void => {
      if (!isOver) this.#set({ job: { ...job, progress }, starts })
    }
    try {
      const notes: string[] = []
      const imageId = await this.#run(job, { signal, onProgress, onNote: (note) => notes.push(note) })
      const note = notes.length === 0 ? {} : { note: notes.join(' ') }
      // Cancelled too late: the picture is in the gallery, and the job says so.
      return { job: { ...ended(job, { state: 'done', imageId }, Date.now()), ...note }, starts }
    } catch (error) {
      if (running.isPutBack) return putBack(started)
      const end = endOf(error, signal)
      if (end.state === 'failed') this.#logger.error(`queue: job ${job.id} failed`, error)
      return { job: ended(job, end, Date.now()), starts }
    } finally {
      isOver = true
    }
  }

  #forgetSurplus(): void {
    this.#guard('old jobs were not removed', () =>
      this.#forget(this.list().filter(hasEnded).slice(0, -ENDED_JOBS_KEPT)),
    )
  }

  #forget(jobs: Job[]): void {
    if (jobs.length === 0) return
    const ids = jobs.map(({ id }) => id)
    this.#store.remove(ids)
    for (const id of ids) this.#jobs.delete(id)
    this.#onRemoved(ids)
  }

  #require(id: JobId): KeptJob {
    const kept = this.#jobs.get(id)
    if (kept === undefined) throw new StudioError('not-found', `expected a job with the id ${id}, found none`)
    return kept
  }

  #set(kept: KeptJob): void {
    this.#jobs.set(kept.job.id, kept)
    this.#guard('a change was not told', () => this.#onChange(kept.job))
  }

  // A state that was not written is right in memory; at worst the next session runs the job again.
  #save(jobs: KeptJob[]): void {
    if (jobs.length > 0) this.#guard('a state was not written', () => this.#store.update(jobs))
  }

  // Neither a full disk nor a listener may stop the queue.
  #guard(failure: string, act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#logger.error(`queue: ${failure}`, error)
    }
  }
}
