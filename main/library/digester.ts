import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from '../contract/failure.ts'
import { digestFile } from './digest.ts'
import type { Digests } from './memory-file.ts'

/** A file whose digests are wanted. */
export interface Digestible {
  readonly path: string
  readonly hasData: boolean
}

interface DigesterOptions {
  /** The next file; null when all are done. */
  readonly next: () => Digestible | null
  readonly onDigested: (file: Digestible, digests: Digests | null) => void | Promise<void>
  readonly logger: Logger
}

/**
 * Computes digests one file at a time, resting after each mebibyte as long as it took, so that disk and processor are
 * there for others. It stands still while it is paused by its user or held while a picture is made.
 */
export class Digester {
  readonly #options: DigesterOptions
  readonly #closing = new AbortController()
  #isPaused = false
  #isHeld = false
  #gate: PromiseWithResolvers<undefined> | null = null
  #running: Promise<void> | null = null

  constructor(options: DigesterOptions) {
    this.#options = options
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Goes to work, if there is any and it is not at work already. */
  start(): void {
    if (this.#closing.signal.aborted) return
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  /** By the user's wish. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
    this.#setGate()
  }

  /** For the time that a picture is made. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#setGate()
  }

  /** Ends the file under way; resolves when nothing is read any more. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#gate?.resolve(undefined)
    await this.#running
  }

  #setGate(): void {
    if (this.#isPaused || this.#isHeld) {
      this.#gate ??= Promise.withResolvers()
    } else {
      this.#gate?.resolve(undefined)
      this.#gate = null
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    const turn = async (lastMs: number): Promise<void> => {
      if (lastMs > 0) await wait(Math.ceil(lastMs), undefined, { ref: false })
      await this.#gate?.promise
    }
    for (let file = this.#options.next(); file; file = this.#options.next()) {
      let digests: Digests | null = null
      try {
        digests = await digestFile(file.path, { signal, hasData: file.hasData, turn })
      } catch (error) {
        if (isAbort(error)) return
        this.#options.logger.warn(`models: ${file.path} could not be read through: ${String(error)}`)
      }
      await this.#options.onDigested(file, digests)
    }
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
