import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { StudioError } from '../contract/failure.ts'

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/**
 * Writes a file so that `path` has all of the bytes or is as it was: beside it, flushed to the disk, then renamed.
 * @throws StudioError disk-full, internal
 */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`
  try {
    const file = await open(partial, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
  } catch (cause) {
    await rm(partial, { force: true })
    throw writeFailure(path, bytes.length, cause)
  }
}

/** The failure to tell for an error of the file system. */
export function writeFailure(path: string, sizeBytes: number, cause: unknown): StudioError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return DISK_FULL.has(code)
    ? new StudioError('disk-full', `${path}: expected room for ${sizeBytes} bytes, found the disk full`, { cause })
    : new StudioError('internal', `${path}: expected to write ${sizeBytes} bytes, found ${code || String(cause)}`, {
        cause,
      })
}
