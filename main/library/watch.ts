import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Logger } from '../contract/failure.ts'

interface WatchOptions {
  readonly onChange: () => void
  readonly logger: Logger
  /** How long the folders must be quiet before a change is told; a download writes many times. */
  readonly quietMs?: number
  /** How often the folders are asked when they changed: the only way on network drives. */
  readonly pollMs?: number
}

/** Each folder costs one of the system's watches, of which a Linux user may have as few as 8192. */
const MAX_WATCHED = 2000
/** A folder that never comes to rest is told of all the same. */
const LONGEST_QUIETS = 10
/** Where the system watches a whole tree at once, for nothing; watches of single folders would keep Windows from renaming those around them. */
const HAS_TREES = process.platform === 'win32' || process.platform === 'darwin'

/**
 * Watches the folders that a scan looked into: by the system's events where it has some, and by asking for their times
 * now and then. What cannot be watched is asked for alone.
 */
export class FolderWatch {
  readonly #options: Required<WatchOptions>
  readonly #watchers = new Map<string, FSWatcher>()
  #folders: ReadonlySet<string> = new Set()
  #times = new Map<string, number>()
  #poll: NodeJS.Timeout | null = null
  #quiet: NodeJS.Timeout | null = null
  #again: NodeJS.Timeout | null = null
  #firstChangeAt = 0
  #isClosed = false
  #hasComplained = false

  constructor(options: WatchOptions) {
    this.#options = { quietMs: 500, pollMs: 30_000, ...options }
  }

  /** @param roots where the folders begin; @param folders all that matter, the roots among them */
  async setFolders(roots: readonly string[], folders: readonly string[]): Promise<void> {
    if (this.#isClosed) return
    this.#folders = new Set(folders)
    const watched = new Set((HAS_TREES ? roots : folders).slice(0, MAX_WATCHED))
    for (const [folder, watcher] of this.#watchers) {
      if (watched.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of watched) if (!this.#watchers.has(folder)) this.#watch(folder)
    this.#times = await readTimes(this.#folders)
    this.#schedulePoll()
  }

  /** Tells of a change after a time, though nothing happened: something was seen that was not yet whole. */
  lookAgain(afterMs: number): void {
    if (this.#isClosed || this.#again) return
    this.#again = setTimeout(() => {
      this.#again = null
      this.#noticed()
    }, afterMs)
    this.#again.unref()
  }

  close(): void {
    this.#isClosed = true
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
    for (const timer of [this.#poll, this.#quiet, this.#again]) if (timer) clearTimeout(timer)
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { recursive: HAS_TREES, persistent: false }, (_event, name) => {
        // Of a whole tree, pictures that another program makes in it are no news.
        if (name === null || this.#concerns(join(folder, name))) this.#noticed()
      })
      watcher.on('error', () => {
        watcher.close()
        this.#watchers.delete(folder)
        this.#noticed()
      })
      this.#watchers.set(folder, watcher)
    } catch (error) {
      if (this.#hasComplained) return
      this.#hasComplained = true
      this.#options.logger.info(
        `models: ${folder} is looked at now and then, for it cannot be watched: ${String(error)}`,
      )
    }
  }

  #concerns(path: string): boolean {
    return this.#folders.has(path) || this.#folders.has(dirname(path))
  }

  #noticed(): void {
    if (this.#isClosed) return
    const { quietMs, onChange } = this.#options
    if (!this.#quiet) this.#firstChangeAt = Date.now()
    // While it goes on, the clock starts anew; not for ever.
    else if (Date.now() - this.#firstChangeAt > LONGEST_QUIETS * quietMs) return
    else clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => {
      this.#quiet = null
      onChange()
    }, quietMs)
    this.#quiet.unref()
  }

  #schedulePoll(): void {
    if (this.#poll) clearTimeout(this.#poll)
    if (this.#isClosed) return
    this.#poll = setTimeout(() => void this.#ask(), this.#options.pollMs)
    this.#poll.unref()
  }

  async #ask(): Promise<void> {
    const before = this.#times
    const times = await readTimes(this.#folders)
    const isChanged = [...times].some(([folder, time]) => before.get(folder) !== time)
    this.#times = times
    if (isChanged) this.#noticed()
    this.#schedulePoll()
  }
}

/** When each folder's list of names last changed; 0 for one that is not there. */
async function readTimes(folders: ReadonlySet<string>): Promise<Map<string, number>> {
  const times = new Map<string, number>()
  // One after another: a drive that sleeps or is far away is not asked for everything at once.
  for (const folder of folders) {
    times.set(
      folder,
      await stat(folder).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    )
  }
  return times
}
