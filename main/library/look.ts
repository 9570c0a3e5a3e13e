import type { Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../contract/failure.ts'
import { describe } from './describe.ts'
import type { Described } from './describe.ts'
import type { FileState, LibraryMemory } from './memory-file.ts'
import { scanFolders } from './scan.ts'
import type { Place } from './scan.ts'

/** Files read at once; more only makes a disk seek. */
const READERS = 8

/** A model or part, where it lies, and the state of its file; null for a folder. */
export interface Entry {
  readonly place: Place
  readonly described: Described
  readonly state: FileState | null
}

export interface Look {
  readonly entries: readonly Entry[]
  readonly folders: readonly string[]
  /** Something broken changed just now: it may still be on its way, and stays as it was until it has been still. */
  readonly isArriving: boolean
}

interface LookOptions {
  readonly builtInFolder: string
  readonly memory: LibraryMemory
  readonly memoryBytes: number
  /** What the last look found. */
  readonly before: readonly Entry[]
  /** How long a file that cannot be read must have been still to be called broken. */
  readonly settleMs: number
  readonly logger: Logger
}

/** Looks through folders: what has not changed since an earlier look is remembered, of the rest the headers are read. */
export async function lookThrough(roots: readonly string[], options: LookOptions): Promise<Look> {
  const { memory, before, settleMs, logger } = options
  const { places, folders } = await scanFolders(roots, options.builtInFolder, logger)
  const seen = await mapWithLimit(places, READERS, (place) => lookAt(place, options))
  const found = seen.filter((entry) => entry !== null)
  // What cannot be used may be understood by a later version, or be mended from outside.
  const sound = found.filter((entry) => problemOf(entry) === null)
  memory.keepOnly(new Map(sound.map(({ place, fingerprint, described }) => [place.path, { fingerprint, described }])))
  const now = Date.now()
  const isArriving = (entry: Seen): boolean =>
    problemOf(entry) !== null && now >= entry.touchedAt && now - entry.touchedAt < settleMs
  const entries = found.flatMap((entry): Entry[] => {
    if (!entry.described.model && !entry.described.part) return []
    if (!isArriving(entry)) return [entry]
    const earlier = before.find(({ place }) => place.path === entry.place.path)
    return earlier ? [earlier] : []
  })
  return { entries, folders, isArriving: found.some(isArriving) }
}

function problemOf({ described: { model, part } }: Entry): string | null {
  return (model ?? part)?.problem ?? null
}

interface Seen extends Entry {
  readonly fingerprint: string
  readonly touchedAt: number
}

async function lookAt(place: Place, { memory, memoryBytes }: LookOptions): Promise<Seen | null> {
  const own = await stat(place.path).catch(() => null)
  // It went while it was being looked at.
  if (!own) return null
  const beside = place.kind === 'file' ? place.sidecars.map(({ path }) => path) : await filesIn(place.path)
  const others = await Promise.all(beside.map((path) => stat(path).catch(() => null)))
  const fingerprint = [place.hint ?? '', mark(own), ...beside.map((path, i) => `${path} ${mark(others[i])}`)].join('\n')
  const described = memory.find(place.path, fingerprint) ?? (await describe(place, memoryBytes))
  const touchedAt = Math.max(...[own, ...others].map((found) => (found ? Math.max(found.mtimeMs, found.ctimeMs) : 0)))
  const state = place.kind === 'file' ? { sizeBytes: own.size, changedAt: own.mtimeMs } : null
  return { place, described, state, fingerprint, touchedAt }
}

function mark(found: Stats | null | undefined): string {
  return found ? `${found.size} ${found.mtimeMs}` : 'none'
}

/** The files of a model's folder and of its networks' folders. */
async function filesIn(folder: string): Promise<string[]> {
  const items = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const inner = items.filter((item) => item.isDirectory()).map(({ name }) => join(folder, name))
  const deeper = await Promise.all(
    inner.map(async (path) => (await readdir(path).catch(() => [])).map((name) => join(path, name))),
  )
  const own = items.filter((item) => !item.isDirectory()).map(({ name }) => join(folder, name))
  return [...own, ...deeper.flat()].sort()
}

async function mapWithLimit<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [i, item] of queue) results[i] = await work(item)
  }
  await Promise.all(Array.from({ length: limit }, worker))
  return results
}
