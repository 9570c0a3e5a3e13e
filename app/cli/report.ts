import { Presets, SingleBar } from 'cli-progress'
import type { GenerationRequest } from '../../main/contract/generation.ts'
import type { Failure } from '../../main/contract/failure.ts'
import type { ImageId, ImageOrigin } from '../../main/contract/image.ts'
import type { Progress, Stage } from '../../main/contract/job.ts'

/** A finished picture. `file` is absolute; `id` is null for one that is not in the gallery. */
export interface Made {
  readonly file: string
  readonly id: ImageId | null
  readonly request: GenerationRequest
  readonly origin: ImageOrigin
}

/** What a run says while it goes. */
export interface Report {
  started(index: number, count: number, request: GenerationRequest): void
  progress(index: number, progress: Progress): void
  done(index: number, made: Made): void
  ended(failure: Failure): void
}

type Write = (text: string) => void

/** One line of JSON an event. */
export function jsonReport(write: Write): Report {
  const line = (event: string, facts: object): void => {
    write(`${JSON.stringify({ event, ...facts })}\n`)
  }
  return {
    started: (index, count, request) => {
      line('started', { index, count, request })
    },
    progress: (index, progress) => {
      line('progress', { index, ...progress })
    },
    done: (index, made) => {
      line('done', { index, ...made })
    },
    ended: (failure) => {
      line(failure.code === 'cancelled' ? 'cancelled' : 'failed', { failure })
    },
  }
}

/** The files' names on standard output, failures on standard error. */
export function plainReport(write: Write, writeError: Write): Report {
  return {
    started: () => undefined,
    progress: () => undefined,
    done: (_index, { file }) => {
      write(`${file}\n`)
    },
    ended: (failure) => {
      writeError(`${describeFailure(failure)}\n`)
    },
  }
}

const STAGE_WORDS: Record<Stage, string> = {
  loading: 'Reading the model',
  encoding: 'Reading the prompt',
  denoising: 'Denoising',
  decoding: 'Making pixels',
  saving: 'Saving',
}

/** The plain report, with a progress bar on standard error while a picture is made. */
export function terminalReport(write: Write, writeError: Write, stream: NodeJS.WriteStream): Report {
  const plain = plainReport(write, writeError)
  let bar: SingleBar | null = null
  let title = ''
  const stop = (): void => {
    bar?.stop()
    bar = null
  }
  return {
    started(index, count, request) {
      title = count === 1 ? `seed ${request.seed}` : `${index} of ${count}, seed ${request.seed}`
      bar = new SingleBar(
        { stream, clearOnComplete: true, hideCursor: true, format: '{stage} {bar} {value}/{total} {left} {title}' },
        Presets.shades_classic,
      )
      bar.start(100, 0, { stage: STAGE_WORDS.loading, left: '', title })
    },
    progress(_index, progress) {
      const [value, total] = shareOf(progress)
      bar?.setTotal(total)
      bar?.update(value, { stage: STAGE_WORDS[progress.stage], left: secondsLeft(progress), title })
    },
    done(index, made) {
      stop()
      plain.done(index, made)
    },
    ended(failure) {
      stop()
      plain.ended(failure)
    },
  }
}

function shareOf({ stage, step, steps, loaded }: Progress): [value: number, total: number] {
  return stage === 'loading' ? [Math.round(loaded * 100), 100] : [step, Math.max(steps, 1)]
}

function secondsLeft({ stage, secondsLeft: seconds }: Progress): string {
  if (stage !== 'denoising' || seconds === null) return ''
  return seconds < 90 ? `${Math.ceil(seconds)} s left` : `${Math.ceil(seconds / 60)} min left`
}

/** A failure for people; its details where they say more than the sentence does. */
export function describeFailure({ code, message, details }: Failure): string {
  if (code === 'cancelled') return 'Cancelled.'
  const isUnexpected = code === 'internal' || code === 'runtime-crashed' || code === 'out-of-memory'
  return isUnexpected && details !== undefined ? `${message}\n${details}` : message
}
