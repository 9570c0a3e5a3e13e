import type { BoundedFile } from '../bounded-file.ts'

/** One file of a zip archive, as the archive's directory has it. */
export interface ZipEntry {
  readonly name: string
  /** 0 is stored as it is. */
  readonly method: number
  readonly isEncrypted: boolean
  /** Whether its sizes stand once more behind its data. */
  readonly hasDescriptor: boolean
  readonly nameBytes: number
  readonly storedBytes: number
  /** Byte of the archive at which the entry's own header begins. */
  readonly headerStart: number
}

/** A zip archive's directory: its entries by name, and the byte at which it begins, behind all entries. */
export interface ZipDirectory {
  readonly entries: ReadonlyMap<string, ZipEntry>
  readonly start: number
}

const SIGNATURES = {
  entry: 0x04034b50,
  directory: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
}
const END_BYTES = 22
const LOCATOR64_BYTES = 20
const END64_BYTES = 56
const MAX_COMMENT_BYTES = 0xffff
const DIRECTORY_ENTRY_BYTES = 46
const ENTRY_BYTES = 30
/** Directories of checkpoints take some hundred kilobytes. */
const MAX_DIRECTORY_BYTES = 64 << 20
/** A 32-bit field that holds this has its value among the 64-bit ones. */
const IN_ZIP64 = 0xffffffff

/**
 * The directory of a zip archive, from its end (APPNOTE 6.3, sections 4.3.12 to 4.3.16), 64-bit sizes included.
 * @throws StudioError checkpoint-unsupported
 */
export async function readZipDirectory(file: BoundedFile): Promise<ZipDirectory> {
  const { start, sizeBytes, count } = await readEnd(file)
  if (sizeBytes > MAX_DIRECTORY_BYTES) {
    throw file.fail(`expected a zip directory of at most ${MAX_DIRECTORY_BYTES} bytes, found ${sizeBytes}`)
  }
  const bytes = await file.read(start, sizeBytes)
  const entries = new Map<string, ZipEntry>()
  let at = 0
  while (at < bytes.length) {
    const { entry, end } = readDirectoryEntry(file, bytes, at)
    if (entries.has(entry.name)) throw file.fail(`zip entry ${entry.name}: expected the name once, found it twice`)
    entries.set(entry.name, entry)
    at = end
  }
  if (entries.size !== count) throw file.fail(`expected ${count} zip entries, found ${entries.size}`)
  return { entries, start }
}

/**
 * The entry of this name, whose bytes can be used as they lie.
 * @throws StudioError checkpoint-unsupported when there is none, or it is compressed or encrypted
 */
export function requireStored(file: BoundedFile, { entries }: ZipDirectory, name: string): ZipEntry {
  const entry = entries.get(name)
  if (!entry) throw file.fail(`expected zip entry ${name}, found none`)
  if (entry.isEncrypted) throw file.fail(`zip entry ${name}: expected plain data, found it encrypted`)
  if (entry.method === 0) return entry
  throw file.fail(
    `zip entry ${name}: expected data stored as it is, which torch writes and which can be used in place, found it ` +
      `compressed (method ${entry.method}); save the model again, as .safetensors or with torch.save`,
  )
}

/**
 * The byte of the archive at which a stored entry's data begins: behind its own header, whose length the directory does
 * not tell.
 * @throws StudioError checkpoint-unsupported
 */
export async function storedDataStart(file: BoundedFile, { start }: ZipDirectory, entry: ZipEntry): Promise<number> {
  const { name, nameBytes, headerStart, storedBytes } = entry
  const header = await file.read(headerStart, ENTRY_BYTES + nameBytes)
  const view = new DataView(header.buffer)
  const isOwn = view.getUint32(0, true) === SIGNATURES.entry && view.getUint16(26, true) === nameBytes
  if (!isOwn || decode(header.subarray(ENTRY_BYTES)) !== name) {
    throw file.fail(`zip entry ${name}: expected its header at byte ${headerStart}, found other data`)
  }
  const dataStart = headerStart + header.length + view.getUint16(28, true)
  if (dataStart + storedBytes > start) {
    throw file.fail(
      `zip entry ${name}: expected its data to end before byte ${start}, found ${dataStart + storedBytes}`,
    )
  }
  return dataStart
}

interface End {
  readonly start: number
  readonly sizeBytes: number
  readonly count: number
}

async function readEnd(file: BoundedFile): Promise<End> {
  const length = Math.min(file.sizeBytes, LOCATOR64_BYTES + END_BYTES + MAX_COMMENT_BYTES)
  const tail = await file.read(file.sizeBytes - length, length)
  const view = new DataView(tail.buffer)
  let at = length - END_BYTES
  const isEnd = () =>
    view.getUint32(at, true) === SIGNATURES.end && at + END_BYTES + view.getUint16(at + 20, true) === length
  while (at >= 0 && !isEnd()) at--
  if (at < 0) throw file.fail('expected the directory of a zip archive at the end, found none: the file is cut short')

  const locator = at - LOCATOR64_BYTES
  if (locator >= 0 && view.getUint32(locator, true) === SIGNATURES.locator64) {
    return readEnd64(file, wide(file, view, locator + 8))
  }
  if (view.getUint16(at + 4, true) !== 0) throw file.fail('expected a zip archive in one file, found one of several')
  return {
    start: view.getUint32(at + 16, true),
    sizeBytes: view.getUint32(at + 12, true),
    count: view.getUint16(at + 10, true),
  }
}

async function readEnd64(file: BoundedFile, at: number): Promise<End> {
  const view = new DataView((await file.read(at, END64_BYTES)).buffer)
  if (view.getUint32(0, true) !== SIGNATURES.end64) {
    throw file.fail(`expected the end of a 64-bit zip directory at byte ${at}, found other data`)
  }
  if (view.getUint32(16, true) !== 0) throw file.fail('expected a zip archive in one file, found one of several')
  return { start: wide(file, view, 48), sizeBytes: wide(file, view, 40), count: wide(file, view, 32) }
}

function readDirectoryEntry(file: BoundedFile, bytes: Uint8Array, at: number): { entry: ZipEntry; end: number } {
  const cut = () => file.fail('expected another entry in the zip directory, found its end')
  if (at + DIRECTORY_ENTRY_BYTES > bytes.length) throw cut()
  const view = new DataView(bytes.buffer, bytes.byteOffset + at)
  if (view.getUint32(0, true) !== SIGNATURES.directory)
    throw file.fail('expected an entry in the zip directory, found other data')

  const nameEnd = DIRECTORY_ENTRY_BYTES + view.getUint16(28, true)
  const extraEnd = nameEnd + view.getUint16(30, true)
  const end = extraEnd + view.getUint16(32, true)
  if (at + end > bytes.length) throw cut()
  const name = decode(bytes.subarray(at + DIRECTORY_ENTRY_BYTES, at + nameEnd))
  // The three in this order, and of them those that do not fit 32 bits, stand in the 64-bit extra field.
  const extra = bytes.subarray(at + nameEnd, at + extraEnd)
  const [, storedBytes = 0, headerStart = 0] = wideFields(
    file,
    name,
    extra,
    [24, 20, 42].map((field) => view.getUint32(field, true)),
  )
  const flags = view.getUint16(8, true)
  const entry = {
    name,
    nameBytes: nameEnd - DIRECTORY_ENTRY_BYTES,
    method: view.getUint16(10, true),
    isEncrypted: (flags & 1) !== 0,
    hasDescriptor: (flags & 8) !== 0,
    storedBytes,
    headerStart,
  }
  return { entry, end: at + end }
}

function wideFields(file: BoundedFile, name: string, extra: Uint8Array, fields: readonly number[]): number[] {
  if (!fields.includes(IN_ZIP64)) return [...fields]
  const fail = () => file.fail(`zip entry ${name}: expected 64-bit sizes in its extra field, found none`)
  const view = new DataView(extra.buffer, extra.byteOffset, extra.length)
  let at = 0
  while (at + 4 <= extra.length && view.getUint16(at, true) !== 1) at += 4 + view.getUint16(at + 2, true)
  if (at + 4 > extra.length) throw fail()
  const end = at + 4 + view.getUint16(at + 2, true)
  at += 4
  return fields.map((value) => {
    if (value !== IN_ZIP64) return value
    if (at + 8 > end || end > extra.length) throw fail()
    at += 8
    return wide(file, view, at - 8)
  })
}

function wide(file: BoundedFile, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true)
  if (value <= file.sizeBytes) return Number(value)
  throw file.fail(
    `expected a zip directory whose numbers fit the file's ${file.sizeBytes} bytes, found ${value.toString()}`,
  )
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
