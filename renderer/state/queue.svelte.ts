import type { Api } from '../../main/contract/calls.ts'
import type { GenerationRequest } from '../../main/contract/generation.ts'
import type { Job, JobId, JobPreview, JobState } from '../../main/contract/job.ts'

/** The jobs as the studio last told them, in the order they were enqueued, and the newest preview of each running one. */
export class QueueState {
  readonly #api: Api
  #jobs = $state.raw<readonly Job[]>([])
  #previews = $state.raw<ReadonlyMap<JobId, JobPreview>>(new Map())

  readonly running = $derived(this.#jobs.find((job) => job.state === 'running'))
  readonly waiting = $derived(this.#jobs.filter((job) => job.state === 'waiting'))
  readonly finished = $derived(this.#jobs.filter((job) => isFinished(job)))
  /** Jobs that are still to end, the running one among them. */
  readonly open = $derived(this.#jobs.filter((job) => !isFinished(job)))

  constructor(api: Api) {
    this.#api = api
  }

  get jobs(): readonly Job[] {
    return this.#jobs
  }

  find(id: JobId): Job | undefined {
    return this.#jobs.find((job) => job.id === id)
  }

  inState(state: JobState): readonly Job[] {
    return this.#jobs.filter((job) => job.state === state)
  }

  preview(id: JobId): JobPreview | undefined {
    return this.#previews.get(id)
  }

  async load(): Promise<void> {
    this.#jobs = await this.#api['queue.list'](undefined)
  }

  /** Takes in a job as the studio tells it; returns what was known of it before. */
  apply(job: Job): Job | undefined {
    const before = this.find(job.id)
    this.#jobs = before ? this.#jobs.map((other) => (other.id === job.id ? job : other)) : [...this.#jobs, job]
    return before
  }

  forget(ids: readonly JobId[]): void {
    const gone = new Set(ids)
    this.#jobs = this.#jobs.filter((job) => !gone.has(job.id))
    this.#previews = new Map([...this.#previews].filter(([id]) => !gone.has(id)))
  }

  showPreview(preview: JobPreview): void {
    // One job runs at a time, and the last one's preview is still on the canvas while its picture loads.
    const kept = [...this.#previews].filter(([id]) => id !== preview.jobId).slice(-1)
    this.#previews = new Map([...kept, [preview.jobId, preview]])
  }

  /** @param isTemplate the prompts' choices are made for each picture */
  enqueue(request: GenerationRequest, count: number, isTemplate: boolean): Promise<JobId[]> {
    return this.#api['queue.enqueue']({ request, count, ...(isTemplate ? { isTemplate } : {}) })
  }

  cancel(id: JobId): Promise<void> {
    return this.#api['queue.cancel'](id)
  }

  cancelAll(): Promise<void> {
    return this.#api['queue.cancelAll'](undefined)
  }

  retry(id: JobId): Promise<JobId> {
    return this.#api['queue.retry'](id)
  }

  clearFinished(): Promise<void> {
    return this.#api['queue.clearFinished'](undefined)
  }
}

/** Whether a job has come to its end, whichever. */
export function isFinished(job: Job): boolean {
  return job.state === 'done' || job.state === 'failed' || job.state === 'cancelled'
}
