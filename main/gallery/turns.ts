import type { Logger } from '../contract/failure.ts'

/** Work that goes one piece after the other: a restore never meets the move to the trash that it undoes. */
export class Turns {
  readonly #logger: Logger
  #last: Promise<unknown> = Promise.resolve()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** What the work returns, after all that was asked before it. */
  take<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** The same for work that nobody waits for; its failure goes to the log. */
  takeUnasked(work: () => Promise<unknown>): void {
    this.take(work).catch((error: unknown) => this.#logger.error('gallery: work in the background failed', error))
  }

  /** Settles when all work asked so far has. */
  async done(): Promise<void> {
    await this.#last
  }
}
