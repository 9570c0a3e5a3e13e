import { statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { StudioError, type Logger } from '../contract/failure.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import type { ImageOrigin } from '../contract/image.ts'
import { errorCode } from './files.ts'

/** What a picture file says about how it was made; null for a picture of another program. */
export type ReadEmbedded = (path: string) => Promise<{ request: GenerationRequest; origin: ImageOrigin } | null>

/** All that a picture's row is made from. */
export interface PictureFacts {
  /** When the file was written, in milliseconds since 1970: moving or re-indexing a file does not change it. */
  readonly createdAt: number
  readonly widthPx: number
  readonly heightPx: number
  readonly sizeBytes: number
  readonly request: GenerationRequest
  readonly origin: ImageOrigin
  readonly durationMs: number | null
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')
const HEADER_BYTES = 24
// The chunk that ends every PNG: no bytes, `IEND`, its checksum.
const END = Buffer.from('0000000049454e44ae426082', 'hex')

/**
 * What a picture file tells about itself; null when it is no whole PNG (a run died while writing it) or carries no
 * parameters of the studio.
 */
export async function readPictureFacts(
  path: string,
  readEmbedded: ReadEmbedded,
  logger: Logger,
): Promise<PictureFacts | null> {
  try {
    const frame = await readFrame(path)
    if (frame === null) return null
    const embedded = await readEmbedded(path)
    return embedded && { ...frame, request: embedded.request, origin: embedded.origin, durationMs: null }
  } catch (error) {
    // One unreadable file is no reason to stop taking in the others.
    logger.warn(`${path}: expected a picture with its parameters, found none: ${String(error)}`)
    return null
  }
}

/**
 * When a file was written and how large it is.
 * @throws StudioError `not-found`
 */
export function readFileFacts(path: string): Pick<PictureFacts, 'createdAt' | 'sizeBytes'> {
  try {
    const { mtimeMs, size } = statSync(path)
    return { createdAt: Math.floor(mtimeMs), sizeBytes: size }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    throw new StudioError('not-found', `expected a finished picture at ${path}, found no file`, { cause: error })
  }
}

async function readFrame(path: string): Promise<Omit<PictureFacts, 'request' | 'origin' | 'durationMs'> | null> {
  const file = await open(path, 'r')
  try {
    const { size, mtimeMs } = await file.stat()
    if (size < HEADER_BYTES + END.length) return null
    const header = Buffer.alloc(HEADER_BYTES)
    const end = Buffer.alloc(END.length)
    await file.read(header, 0, header.length, 0)
    await file.read(end, 0, end.length, size - end.length)
    if (!header.subarray(0, SIGNATURE.length).equals(SIGNATURE) || !end.equals(END)) return null
    return {
      createdAt: Math.floor(mtimeMs),
      widthPx: header.readUInt32BE(16),
      heightPx: header.readUInt32BE(20),
      sizeBytes: size,
    }
  } finally {
    await file.close()
  }
}
