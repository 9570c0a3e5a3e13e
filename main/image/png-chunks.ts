import { crc32 } from 'node:zlib'
import { StudioError } from '../contract/failure.ts'

export const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/** Length, type and checksum around a chunk's data. */
const CHUNK_FRAME_BYTES = 12

export interface PngChunk {
  /** Four letters. */
  readonly type: string
  readonly data: Uint8Array
}

export function isPng(bytes: Uint8Array): boolean {
  return PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)
}

/**
 * The chunks of a PNG file up to IEND, each within the file and with the checksum it claims.
 * @param name of the file, for messages
 * @throws StudioError invalid-request
 */
export function* pngChunks(bytes: Uint8Array, name: string): Generator<PngChunk> {
  const damaged = (expected: string, found: string): StudioError =>
    new StudioError('invalid-request', `${name}: expected ${expected}, found ${found}`)
  if (!isPng(bytes)) throw damaged('the signature of a PNG file', 'other bytes')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let offset = PNG_SIGNATURE.length
  for (;;) {
    const left = bytes.length - offset
    if (left < CHUNK_FRAME_BYTES) throw damaged(`a chunk at byte ${offset}`, `the end of the file after ${left} bytes`)
    const length = view.getUint32(offset)
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8))
    if (!/^[A-Za-z]{4}$/.test(type))
      throw damaged(`a chunk's name of four letters at byte ${offset + 4}`, 'other bytes')
    if (length > left - CHUNK_FRAME_BYTES) {
      throw damaged(`${length} bytes of chunk ${type} at byte ${offset}`, `${left - CHUNK_FRAME_BYTES} before the end`)
    }
    const end = offset + 8 + length
    const [claimed, computed] = [view.getUint32(end), crc32(bytes.subarray(offset + 4, end))]
    if (claimed !== computed) {
      throw damaged(`checksum ${computed.toString(16)} of chunk ${type} at byte ${offset}`, claimed.toString(16))
    }
    yield { type, data: bytes.subarray(offset + 8, end) }
    if (type === 'IEND') return
    offset = end + 4
  }
}

/** A chunk as it lies in the file. */
export function encodeChunk({ type, data }: PngChunk): Uint8Array {
  const bytes = new Uint8Array(CHUNK_FRAME_BYTES + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, data.length)
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i)
  bytes.set(data, 8)
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)))
  return bytes
}
