import { inspect } from 'node:util'
import { StudioError, toFailure, type Logger } from '../main/contract/failure.ts'
import type { JobId, Progress } from '../main/contract/job.ts'
import { ToStudio, type FromStudio, type GenerationResult, type GenerationTask } from '../main/contract/studio.ts'

/** The child's end of the line to its host. */
export interface ParentLine {
  send(message: FromStudio): void
  onMessage(listener: (message: unknown) => void): void
}

export interface GenerateContext {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  readonly onPreview: (step: number, dataUrl: string) => void
  readonly logger: Logger
}

/** What the studio process can do; the line knows nothing of networks. */
export interface StudioEngine {
  readonly runtime: string
  readonly generate: (task: GenerationTask, context: GenerateContext) => Promise<GenerationResult>
  readonly release: () => Promise<void>
}

/**
 * Serves a host until the process ends: tasks run one after another in the order they came, and every task is answered
 * by exactly one `done` or `failed`.
 */
export function serveStudio(line: ParentLine, engine: StudioEngine): void {
  const controllers = new Map<JobId, AbortController>()
  const logger = remoteLogger(line)
  let last: Promise<void> = Promise.resolve()

  const then = (action: () => Promise<void>): void => {
    last = last.then(action).catch((error: unknown) => {
      logger.error('The studio process could not finish a message', error)
    })
  }
  line.onMessage((message) => {
    const order = ToStudio.parse(message)
    switch (order.type) {
      case 'generate': {
        const { task } = order
        const controller = new AbortController()
        controllers.set(task.jobId, controller)
        then(async () => {
          line.send(await answerTask(task, controller.signal, { line, engine, logger }))
          controllers.delete(task.jobId)
        })
        return
      }
      case 'cancel':
        controllers.get(order.jobId)?.abort()
        return
      case 'release':
        then(engine.release)
        return
    }
  })
  line.send({ type: 'ready', runtime: engine.runtime })
}

interface Surroundings {
  readonly line: ParentLine
  readonly engine: StudioEngine
  readonly logger: Logger
}

async function answerTask(task: GenerationTask, signal: AbortSignal, around: Surroundings): Promise<FromStudio> {
  const { jobId } = task
  const { line, engine, logger } = around
  try {
    if (signal.aborted) throw new StudioError('cancelled', 'The run was cancelled')
    const result = await engine.generate(task, {
      signal,
      logger,
      onProgress: (progress) => {
        line.send({ type: 'progress', jobId, progress })
      },
      onPreview: (step, dataUrl) => {
        line.send({ type: 'preview', jobId, step, dataUrl })
      },
    })
    return { type: 'done', jobId, result }
  } catch (error) {
    return { type: 'failed', jobId, failure: toFailure(error) }
  }
}

function remoteLogger(line: ParentLine): Logger {
  const write = (level: 'info' | 'warn' | 'error', message: string): void => {
    line.send({ type: 'log', level, message })
  }
  return {
    info: (message) => {
      write('info', message)
    },
    warn: (message) => {
      write('warn', message)
    },
    error: (message, cause) => {
      write('error', cause === undefined ? message : `${message}: ${inspect(cause)}`)
    },
  }
}

/** Electron's utility process speaks through a port of its own; Node's types do not know it. */
interface UtilityPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): void
}

/**
 * The line to whoever started this process: Electron's parent port or Node's channel. Under Node the process ends with
 * its parent, and leaves Ctrl+C, which a terminal sends to both, to the parent.
 */
export function parentLine(): ParentLine {
  const port = 'parentPort' in process ? (process.parentPort as UtilityPort | undefined) : undefined
  if (port) {
    return {
      send: (message) => {
        port.postMessage(message)
      },
      onMessage: (listener) => {
        port.on('message', (event) => {
          listener(event.data)
        })
      },
    }
  }
  if (!process.send) throw new Error('expected to be started by the studio, found no channel to it')
  const send = process.send.bind(process)
  process.on('SIGINT', () => undefined)
  process.on('disconnect', () => {
    process.exit()
  })
  return {
    send: (message) => {
      // When the host is gone there is nobody to tell, and `disconnect` ends the process.
      send(message, undefined, undefined, () => undefined)
    },
    onMessage: (listener) => {
      process.on('message', listener)
    },
  }
}
