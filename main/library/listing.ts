import { sep } from 'node:path'
import { StudioError } from '../contract/failure.ts'
import type { ModelSummary } from '../contract/model.ts'
import type { PartSummary } from '../contract/part.ts'
import type { Entry } from './look.ts'
import type { Digests, LibraryMemory } from './memory-file.ts'

interface Listing {
  readonly models: ModelSummary[]
  readonly parts: PartSummary[]
}

/** The models and parts of these entries, with the digests that are known, after the built-in model. */
export function listingOf(builtIn: ModelSummary | null, entries: readonly Entry[], memory: LibraryMemory): Listing {
  const models: ModelSummary[] = builtIn ? [builtIn] : []
  const parts: PartSummary[] = []
  for (const entry of entries) {
    const { model, part } = entry.described
    const digests = digestsOf(entry, memory) ?? { sha256: null, dataSha256: null }
    if (model) models.push({ ...model, ...digests })
    if (part) parts.push({ ...part, ...digests })
  }
  return { models, parts }
}

/** What an earlier studio found below these folders; what lies beside each file, and how the file is now, a look has yet to tell. */
export function rememberedEntries(memory: LibraryMemory, folders: readonly string[]): Entry[] {
  // The root of a drive ends in a separator already.
  const starts = folders.map((folder) => (folder.endsWith(sep) ? folder : folder + sep))
  return [...memory.remembered()]
    .filter(([path]) => folders.includes(path) || starts.some((start) => path.startsWith(start)))
    .map(([path, described]) => ({ place: { path, kind: 'file', hint: null, sidecars: [] }, described, state: null }))
}

/** The digests of an entry's file as it is; null where they are not known, and for a folder. */
export function digestsOf({ place, state }: Entry, memory: LibraryMemory): Digests | null {
  return state && memory.findDigests(place.path, state)
}

/**
 * The file of a model or part, and the files beside it that bear its name and no other's.
 * @throws StudioError invalid-request for a model of several files
 */
export function filesOf(entry: Entry, entries: readonly Entry[]): string[] {
  const { path, kind, sidecars } = entry.place
  if (kind !== 'file') {
    throw new StudioError('invalid-request', `${path}: expected a single file, found a folder, which may hold more`)
  }
  const others = entries.filter((other) => other !== entry).flatMap((other) => other.place.sidecars)
  const shared = new Set(others.map((sidecar) => sidecar.path))
  return [path, ...sidecars.map((sidecar) => sidecar.path).filter((beside) => !shared.has(beside))]
}
