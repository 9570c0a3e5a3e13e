import type { BoundedFile } from '../bounded-file.ts'
import { requireStored, storedDataStart } from './zip.ts'
import type { ZipDirectory, ZipEntry } from './zip.ts'

/** Where an entry's data lies in the archive. */
export interface DataPlace {
  readonly offset: number
  readonly sizeBytes: number
}

/** Entries' own headers read at once; fewer entries than this are not worth another way. */
const READS_AT_ONCE = 64
/** torch fills up entries' headers so that data starts at multiples of this (`getPadding` of its inline_container.cc). */
const ALIGNMENT = 64
const ENTRY_BYTES = 30
const FILLING_BYTES = 4
/** More of them where the archive is longer than 32 bits can tell. */
const WIDE_BYTES = 12
const BEYOND_32_BITS = 0xffffffff
/** Behind the data, where the entry says so; the longer for sizes of 64 bits. */
const DESCRIPTOR_BYTES = [16, 24]

/**
 * Where the data of the named entries lies. Only an entry's own header tells, a thousand of them over the whole file; but
 * where the entries follow each other exactly as torch's writer lays them out, three are read to make sure.
 * @throws StudioError checkpoint-unsupported
 */
export async function dataPlaces(
  file: BoundedFile,
  zip: ZipDirectory,
  names: readonly string[],
): Promise<ReadonlyMap<string, DataPlace>> {
  const entries = names.map((name) => requireStored(file, zip, name))
  const starts = (await startsOfTorch(file, zip, entries)) ?? (await startsAsRead(file, zip, entries))
  return new Map(entries.map(({ name, storedBytes }, i) => [name, { offset: starts[i] ?? 0, sizeBytes: storedBytes }]))
}

async function startsAsRead(file: BoundedFile, zip: ZipDirectory, entries: readonly ZipEntry[]): Promise<number[]> {
  const starts: number[] = []
  for (let i = 0; i < entries.length; i += READS_AT_ONCE) {
    const some = entries.slice(i, i + READS_AT_ONCE)
    starts.push(...(await Promise.all(some.map((entry) => storedDataStart(file, zip, entry)))))
  }
  return starts
}

/** Null where the archive is laid out in another way, or is too small to tell. */
async function startsOfTorch(
  file: BoundedFile,
  zip: ZipDirectory,
  entries: readonly ZipEntry[],
): Promise<number[] | null> {
  if (entries.length <= READS_AT_ONCE || !isLaidOutByTorch(zip)) return null
  const probes = [0, entries.length >> 1, entries.length - 1].flatMap((i) => entries[i] ?? [])
  const read = await startsAsRead(file, zip, probes)
  return probes.every((entry, i) => read[i] === startByTorch(entry)) ? entries.map(startByTorch) : null
}

function isLaidOutByTorch({ entries, start }: ZipDirectory): boolean {
  const inOrder = [...entries.values()].sort((a, b) => a.headerStart - b.headerStart)
  return inOrder.every((entry, i) => {
    const end = startByTorch(entry) + entry.storedBytes
    const next = inOrder[i + 1]?.headerStart ?? start
    return entry.hasDescriptor ? DESCRIPTOR_BYTES.some((bytes) => end + bytes === next) : end === next
  })
}

function startByTorch({ nameBytes, headerStart }: ZipEntry): number {
  const wide = headerStart >= BEYOND_32_BITS ? WIDE_BYTES : 0
  const least = headerStart + ENTRY_BYTES + nameBytes + FILLING_BYTES + wide
  return Math.ceil(least / ALIGNMENT) * ALIGNMENT
}
