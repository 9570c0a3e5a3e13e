import { open, stat } from 'node:fs/promises'
import { StudioError } from '../contract/failure.ts'

/** One read call takes less than 2 GiB. */
const READ_BYTES = 1 << 30

/** Gives these bytes, which lie inside the file; fewer only when it was cut since its size was asked. */
export type ReadSpan = (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>

/** A file whose own numbers are not believed: no span is read, and none allocated, that does not lie inside it. */
export class BoundedFile {
  /** For messages. */
  readonly path: string
  readonly sizeBytes: number
  /** When it was last written, in ms; null where that is not known. */
  readonly changedAt: number | null
  readonly #readSpan: ReadSpan

  constructor(path: string, sizeBytes: number, readSpan: ReadSpan, changedAt: number | null = null) {
    this.path = path
    this.sizeBytes = sizeBytes
    this.changedAt = changedAt
    this.#readSpan = readSpan
  }

  /** Exactly these bytes, in a buffer of their own. @throws StudioError checkpoint-unsupported */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const isSpan = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
    if (!isSpan || offset + length > this.sizeBytes) {
      throw this.fail(`expected ${length} bytes at byte ${offset}, found ${Math.max(0, this.sizeBytes - offset)}`)
    }
    const bytes = await this.#readSpan(offset, length).catch((cause: unknown) => {
      const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
      throw this.fail(`expected ${length} bytes at byte ${offset}, found that they cannot be read (${reason})`, cause)
    })
    if (bytes.length === length) return bytes
    throw this.fail(`expected ${length} bytes at byte ${offset}, found ${bytes.length}`)
  }

  /** The failure that says `sentence` of this file. */
  fail(sentence: string, cause?: unknown): StudioError {
    return new StudioError('checkpoint-unsupported', `${this.path}: ${sentence}`, cause === undefined ? {} : { cause })
  }
}

/**
 * What `use` makes of the file at an absolute path, which is open meanwhile.
 * @param what it is expected to be, for the message when there is none
 * @throws StudioError checkpoint-unsupported
 */
export async function withFile<T>(path: string, what: string, use: (file: BoundedFile) => Promise<T>): Promise<T> {
  const cannot = (error: unknown) => notReadable(path, what, error)
  // Opening a pipe would wait for someone to write.
  const found = await stat(path).catch((error: unknown) => Promise.reject(cannot(error)))
  if (!found.isFile()) throw notReadable(path, what)
  const handle = await open(path, 'r').catch((error: unknown) => Promise.reject(cannot(error)))
  try {
    const { size, mtimeMs } = await handle.stat()
    const readSpan: ReadSpan = async (offset, length) => {
      const bytes = new Uint8Array(length)
      let filled = 0
      while (filled < length) {
        const wanted = Math.min(length - filled, READ_BYTES)
        const { bytesRead } = await handle.read(bytes, filled, wanted, offset + filled)
        if (bytesRead === 0) return bytes.slice(0, filled)
        filled += bytesRead
      }
      return bytes
    }
    return await use(new BoundedFile(path, size, readSpan, mtimeMs))
  } finally {
    await handle.close()
  }
}

function notReadable(path: string, what: string, cause?: unknown): StudioError {
  const message = `${path}: expected a readable ${what}, found none`
  return new StudioError('checkpoint-unsupported', message, cause === undefined ? {} : { cause })
}
