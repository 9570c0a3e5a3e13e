import { BoundedFile } from './bounded-file.ts'

/** A file that is only bytes in memory. */
export function fileOf(bytes: Uint8Array, path = '/models/test.ckpt'): BoundedFile {
  return new BoundedFile(path, bytes.length, (offset, length) =>
    Promise.resolve(Uint8Array.from(bytes.subarray(offset, offset + length))),
  )
}
