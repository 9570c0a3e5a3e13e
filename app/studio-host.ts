import { StudioError, type Failure, type Logger } from '../main/contract/failure.ts'
import type { JobId, Progress } from '../main/contract/job.ts'
import { FromStudio, type GenerationResult, type GenerationTask } from '../main/contract/studio.ts'
import type { ChildExit, ForkStudio, StudioChild } from './studio-child.ts'

export interface RunListeners {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  readonly onPreview: (step: number, dataUrl: string) => void
}

interface HostOptions {
  readonly entry: string
  readonly fork: ForkStudio
  readonly logger: Logger
  /** Until the process says it is ready; a cold disk reads tens of megabytes of native libraries first. */
  readonly startTimeoutMs?: number
  /** After a cancel, how long one network pass may still take before the process is ended instead. */
  readonly cancelPatienceMs?: number
  /** How long loaded networks, which may be gigabytes, are kept for a next run. */
  readonly idleReleaseMs?: number
}

interface Run extends RunListeners {
  readonly settle: PromiseWithResolvers<GenerationResult>
  patience: NodeJS.Timeout | null
}

/** One life of the child: from the fork to its exit. */
interface Life {
  readonly child: StudioChild
  readonly ready: PromiseWithResolvers<string>
  readonly exited: PromiseWithResolvers<undefined>
  readonly runs: Map<JobId, Run>
  isReady: boolean
  /** Why the host itself ended it. */
  verdict: string | null
  tail: string
}

const TAIL_CHARACTERS = 4000

/**
 * The owner of the studio process: forks it, hands it tasks, hears its answers, and survives its death. A process that
 * dies fails the runs it had with `runtime-crashed` and is replaced; one that dies before it was ready is replaced only
 * when there is something to run, so that a broken installation does not spin.
 */
export class StudioHost {
  readonly #options: Required<HostOptions>
  #life: Life | null = null
  #runtime = ''
  #isClosed = false
  #idle: NodeJS.Timeout | undefined

  constructor(options: HostOptions) {
    this.#options = { startTimeoutMs: 60_000, cancelPatienceMs: 20_000, idleReleaseMs: 15 * 60_000, ...options }
  }

  /** The inference runtime's name and version once a process has been ready, else empty. */
  get runtime(): string {
    return this.#runtime
  }

  /** Forks the process ahead of the first task. A failure is logged here and told to whoever runs something. */
  warm(): void {
    this.#living().ready.promise.catch((error: unknown) => {
      // Closed before it was up: that is no failure.
      if (!this.#isClosed) this.#options.logger.error('The studio process did not start', error)
    })
  }

  /**
   * The result of a task, whose files lie in its staging folder.
   * @throws StudioError cancelled when the signal aborts; runtime-crashed when the process dies or does not start; and
   *   whatever the run itself fails with
   */
  async run(task: GenerationTask, listeners: RunListeners): Promise<GenerationResult> {
    if (listeners.signal.aborted) throw cancelled()
    const life = this.#living()
    const run: Run = { ...listeners, settle: Promise.withResolvers(), patience: null }
    life.runs.set(task.jobId, run)
    const cancel = (): void => {
      this.#cancel(life, task.jobId, run)
    }
    listeners.signal.addEventListener('abort', cancel)
    life.ready.promise.then(
      () => {
        if (life.runs.has(task.jobId)) life.child.send({ type: 'generate', task })
      },
      (error: unknown) => {
        run.settle.reject(error instanceof Error ? error : new StudioError('internal', String(error)))
      },
    )
    try {
      return await run.settle.promise
    } finally {
      listeners.signal.removeEventListener('abort', cancel)
      if (run.patience) clearTimeout(run.patience)
      life.runs.delete(task.jobId)
      this.#releaseWhenIdle(life)
    }
  }

  /** Ends the process and resolves once it is gone. Runs under way end as cancelled. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#idle)
    const life = this.#life
    if (!life) return
    for (const run of life.runs.values()) run.settle.reject(new StudioError('cancelled', 'The studio was closed'))
    life.child.kill()
    await life.exited.promise
  }

  #living(): Life {
    if (this.#isClosed) throw new StudioError('cancelled', 'The studio was closed')
    this.#life ??= this.#fork()
    return this.#life
  }

  #fork(): Life {
    const { entry, fork, logger, startTimeoutMs } = this.#options
    const life: Life = {
      child: fork(entry),
      ready: Promise.withResolvers(),
      exited: Promise.withResolvers(),
      runs: new Map(),
      isReady: false,
      verdict: null,
      tail: '',
    }
    const watchdog = setTimeout(() => {
      end(life, `it was not ready within ${startTimeoutMs / 1000} s`)
    }, startTimeoutMs)
    const stand = (): void => {
      clearTimeout(watchdog)
    }
    life.ready.promise.then(stand, stand)
    life.child.onMessage((message) => {
      this.#hear(life, message)
    })
    life.child.onOutput((text) => {
      life.tail = (life.tail + text).slice(-TAIL_CHARACTERS)
      logger.info(`studio process: ${text.trimEnd()}`)
    })
    life.child.onExit((exit) => {
      this.#bury(life, exit)
    })
    return life
  }

  #hear(life: Life, message: unknown): void {
    const parsed = FromStudio.safeParse(message)
    if (!parsed.success) {
      this.#options.logger.error('The studio process sent what the contract does not know', parsed.error)
      end(life, 'it sent a message that is not in the contract')
      return
    }
    const heard = parsed.data
    switch (heard.type) {
      case 'ready':
        this.#runtime = heard.runtime
        life.isReady = true
        life.ready.resolve(heard.runtime)
        return
      case 'log':
        this.#options.logger[heard.level](heard.message)
        return
      case 'progress':
        life.runs.get(heard.jobId)?.onProgress(heard.progress)
        return
      case 'preview':
        life.runs.get(heard.jobId)?.onPreview(heard.step, heard.dataUrl)
        return
      case 'done':
        life.runs.get(heard.jobId)?.settle.resolve(heard.result)
        return
      case 'failed':
        life.runs.get(heard.jobId)?.settle.reject(toError(heard.failure))
        return
    }
  }

  #cancel(life: Life, jobId: JobId, run: Run): void {
    if (!life.isReady) {
      run.settle.reject(cancelled())
      return
    }
    life.child.send({ type: 'cancel', jobId })
    run.patience = setTimeout(() => {
      end(life, 'it did not answer a cancel in time')
    }, this.#options.cancelPatienceMs)
  }

  #releaseWhenIdle(life: Life): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      if (this.#life === life && life.runs.size === 0) life.child.send({ type: 'release' })
    }, this.#options.idleReleaseMs)
    this.#idle.unref()
  }

  #bury(life: Life, exit: ChildExit): void {
    this.#life = null
    const error = crash(life.verdict ?? describeExit(exit), life.tail)
    if (!this.#isClosed) this.#options.logger.error(error.message)
    for (const run of life.runs.values()) run.settle.reject(run.signal.aborted ? cancelled() : error)
    life.ready.reject(error)
    life.exited.resolve(undefined)
    if (life.isReady && !this.#isClosed) this.warm()
  }
}

function end(life: Life, verdict: string): void {
  life.verdict = verdict
  life.child.kill()
}

function cancelled(): StudioError {
  return new StudioError('cancelled', 'The run was cancelled')
}

function toError(failure: Failure): StudioError {
  return new StudioError(failure.code, failure.message, {
    ...(failure.field === undefined ? {} : { field: failure.field }),
    ...(failure.details === undefined ? {} : { cause: new Error(failure.details) }),
  })
}

function crash(reason: string, tail: string): StudioError {
  const message = `The process that computes pictures ended: ${reason}`
  return new StudioError('runtime-crashed', message, tail.trim() === '' ? {} : { cause: new Error(tail.trim()) })
}

function describeExit({ code, signal }: ChildExit): string {
  if (signal === 'SIGKILL') return 'signal SIGKILL, which the system sends when memory runs out'
  if (signal !== null) return `signal ${signal}`
  if (code === null) return 'it could not be started'
  return code > 255 ? `exit code 0x${code.toString(16).toUpperCase()}` : `exit code ${code}`
}
