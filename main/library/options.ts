import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import type { Logger } from '../contract/failure.ts'
import type { LibraryState, ModelSummary } from '../contract/model.ts'
import type { PartSummary } from '../contract/part.ts'

/** What there is now. */
export interface LibraryChange {
  readonly models: ModelSummary[]
  readonly parts: PartSummary[]
  readonly folders: string[]
}

export interface LibraryOptions {
  /** The model that comes with the studio. */
  readonly builtInFolder: string
  /** Where the user keeps models: folders, or single files. */
  readonly folders: readonly string[]
  readonly logger: Logger
  /** After each look and change of folders, when something is different; keeping the folders is the caller's. */
  readonly onChange?: (change: LibraryChange) => void
  readonly onState?: (state: LibraryState) => void
  /** Where it remembers what it found out; without one it finds it out each time. */
  readonly memoryFile?: string
  /** Of the studio: another version sees files with other eyes. */
  readonly version?: string
  /** Watches its folders and computes digests until it is closed. */
  readonly isLive?: boolean
  readonly memoryBytes?: number
  /** How long a new file that cannot be read must have been still to be shown as broken, where nobody asked for a look. */
  readonly settleMs?: number
}

export type CompleteOptions = Required<Omit<LibraryOptions, 'memoryFile'>> & Pick<LibraryOptions, 'memoryFile'>

const SETTLE_MS = 3000

/** The options with their defaults, and all paths absolute. */
export function completed(options: LibraryOptions): CompleteOptions {
  const nothing = (): undefined => undefined
  const defaults = { onChange: nothing, onState: nothing, version: '', isLive: false, settleMs: SETTLE_MS }
  return {
    ...defaults,
    memoryBytes: machineMemory(),
    ...options,
    builtInFolder: resolve(options.builtInFolder),
    folders: [...new Set(options.folders.map((folder) => resolve(folder)))],
  }
}

/** What the machine has, or the container that this runs in. */
function machineMemory(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
