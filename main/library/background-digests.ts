import { stat } from 'node:fs/promises'
import type { Logger } from '../contract/failure.ts'
import { Digester } from './digester.ts'
import type { Digestible } from './digester.ts'
import { digestsOf } from './listing.ts'
import type { Entry } from './look.ts'
import type { Digests, FileState, LibraryMemory } from './memory-file.ts'

interface BackgroundOptions {
  readonly memory: LibraryMemory
  /** What the library has now. */
  readonly entries: () => readonly Entry[]
  /** After each file. */
  readonly onProgress: () => void
  /** Now and then, when there are new digests to tell of. */
  readonly onNews: () => void
  readonly logger: Logger
}

/** News wait for one another: each is told with everything there is. */
const NEWS_MS = 5000

/** Finds out the digests of a library's files, until all that it has are known. */
export class BackgroundDigests {
  readonly #options: BackgroundOptions
  readonly #digester: Digester
  /** Files that could not be read through, as they then were. */
  readonly #undigestible = new Set<FileState>()
  #news: NodeJS.Timeout | null = null

  constructor(options: BackgroundOptions) {
    this.#options = options
    this.#digester = new Digester({
      next: () => this.#next(),
      onDigested: (file, digests) => this.#keep(file, digests),
      logger: options.logger,
    })
  }

  get isPaused(): boolean {
    return this.#digester.isPaused
  }

  start(): void {
    this.#digester.start()
  }

  pause(isPaused: boolean): void {
    this.#digester.pause(isPaused)
  }

  hold(isHeld: boolean): void {
    this.#digester.hold(isHeld)
  }

  async close(): Promise<void> {
    if (this.#news) clearTimeout(this.#news)
    await this.#digester.close()
  }

  #next(): Digestible | null {
    const { entries, memory } = this.#options
    const entry = entries().find(
      (entry) => entry.state && !this.#undigestible.has(entry.state) && !digestsOf(entry, memory),
    )
    return entry ? { path: entry.place.path, hasData: entry.described.part?.kind === 'lora' } : null
  }

  async #keep({ path }: Digestible, digests: Digests | null): Promise<void> {
    const { entries, memory, onProgress, onNews } = this.#options
    const state = entries().find(({ place }) => place.path === path)?.state
    const found = await stat(path).catch(() => null)
    // What changed while it was read has to be read again, after the look that its change brings about.
    const isSame = found && state && found.size === state.sizeBytes && found.mtimeMs === state.changedAt
    if (digests && isSame) memory.keepDigests(path, state, digests)
    else if (state) this.#undigestible.add(state)
    onProgress()
    this.#news ??= setTimeout(() => {
      this.#news = null
      onNews()
    }, NEWS_MS)
  }
}
