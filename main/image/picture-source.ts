import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import sharp from 'sharp'
import type { Sharp } from 'sharp'
import { StudioError } from '../contract/failure.ts'

/** A picture's file, or its bytes. */
export type PictureSource = string | Uint8Array

/** A larger file is no picture that the studio can use. */
const MAX_FILE_BYTES = 512 * 1024 * 1024

export const PICTURE_FORMATS = ['png', 'jpeg', 'webp', 'avif', 'tiff', 'gif'] as const
export type PictureFormat = (typeof PICTURE_FORMATS)[number]

// Pictures come from anywhere: only these decoders may be reached (no SVG, PDF or text formats).
const DECODERS = ['Png', 'Jpeg', 'Webp', 'Heif', 'Tiff', 'Nsgif'].map((name) => `VipsForeignLoad${name}`)
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({ operation: DECODERS })

/**
 * The picture's pipeline: first frame or page, turned upright by its EXIF orientation. A damaged picture fails in
 * whatever is asked of it. The pixel limit is the caller's, who can say the size.
 */
export function openPicture(source: PictureSource): Sharp {
  return sharp(source, { autoOrient: true, failOn: 'error', limitInputPixels: false })
}

/**
 * The picture's bytes as they lie in the file.
 * @throws StudioError not-found, invalid-request
 */
export async function readBytes(source: PictureSource): Promise<Uint8Array> {
  if (typeof source !== 'string') return source
  const file = await open(source).catch((cause: unknown) => {
    throw new StudioError('not-found', `${nameOf(source)}: expected a picture, found no file that can be opened`, {
      cause,
    })
  })
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw unsuitable(source, 'a file', 'something else')
    if (stat.size > MAX_FILE_BYTES) throw unsuitable(source, `at most ${MAX_FILE_BYTES} bytes`, String(stat.size))
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** What to throw for a picture that could not be decoded. */
export function unreadable(source: PictureSource, cause: unknown): StudioError {
  const reason = (cause instanceof Error ? cause.message : String(cause)).trim().replace(/\s*\n\s*/g, '; ')
  if (reason.startsWith('Input file is missing')) {
    return new StudioError('not-found', `${nameOf(source)}: expected a picture, found no such file`, { cause })
  }
  return unsuitable(
    source,
    'a whole PNG, JPEG, WebP, AVIF, TIFF or GIF picture',
    `one that cannot be read (${reason})`,
    cause,
  )
}

export function unsuitable(source: PictureSource, expected: string, found: string, cause?: unknown): StudioError {
  return new StudioError('invalid-request', `${nameOf(source)}: expected ${expected}, found ${found}`, { cause })
}

/** What to call the picture in a message. */
export function nameOf(source: PictureSource): string {
  return typeof source === 'string' ? basename(source) : 'the picture'
}
