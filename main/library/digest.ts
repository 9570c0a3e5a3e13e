import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Digests } from './memory-file.ts'

const CHUNK_BYTES = 1 << 20
/** A safetensors header beyond this is none. */
const MAX_HEADER_BYTES = 100_000_000

interface DigestOptions {
  readonly signal: AbortSignal
  /** Whether the bytes past a safetensors header have a digest of their own. */
  readonly hasData: boolean
  /** Awaited before each mebibyte, with the milliseconds that the last one took: where this pauses. */
  readonly turn: (lastMs: number) => Promise<void>
}

/**
 * SHA-256 of a file as it streams by, and of what lies past its safetensors header, by which kohya's scripts and A1111
 * know a LoRA whatever its metadata. Holds one mebibyte.
 * @throws the signal's reason when it aborts; what the system says of a file that cannot be read
 */
export async function digestFile(path: string, { signal, hasData, turn }: DigestOptions): Promise<Digests> {
  const file = await open(path, 'r')
  try {
    const whole = createHash('sha256')
    const data = hasData ? createHash('sha256') : null
    const dataStart = hasData ? await headerEnd(file) : 0
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    let offset = 0
    let lastMs = 0
    for (;;) {
      await turn(lastMs)
      signal.throwIfAborted()
      const started = performance.now()
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, offset)
      if (bytesRead === 0) break
      const chunk = buffer.subarray(0, bytesRead)
      whole.update(chunk)
      data?.update(chunk.subarray(Math.min(bytesRead, Math.max(0, dataStart - offset))))
      offset += bytesRead
      lastMs = performance.now() - started
    }
    return { sha256: whole.digest('hex'), dataSha256: data && dataStart > 0 ? data.digest('hex') : null }
  } finally {
    await file.close()
  }
}

/** Where a safetensors file's data begin; 0 for a file of another kind. */
async function headerEnd(file: FileHandle): Promise<number> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(9), 0, 9, 0)
  if (bytesRead < 9 || buffer[8] !== 0x7b) return 0
  const length = buffer.readBigUInt64LE(0)
  return length > MAX_HEADER_BYTES ? 0 : 8 + Number(length)
}
