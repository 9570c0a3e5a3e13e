import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import type { Metadata, Sharp } from 'sharp'
import { StudioError } from '../contract/failure.ts'
import type { FitMode } from '../contract/generation.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { writeFileAtomically } from './atomic-file.ts'
import { openPicture, PICTURE_FORMATS, unreadable, unsuitable } from './picture-source.ts'
import type { PictureFormat, PictureSource } from './picture-source.ts'
import { fromPixels, toPixels } from './pixels.ts'
import type { Pixels } from './pixels.ts'
import { encodeChunk, PNG_SIGNATURE } from './png-chunks.ts'
import { insertTexts } from './png-text.ts'
import type { Texts } from './png-text.ts'

const MAX_PIXELS = 100_000_000
const THUMBNAIL_EDGE_PX = 384
const THUMBNAIL_QUALITY = 82

/** Masks are resampled without ringing. */
type Kernel = 'lanczos3' | 'linear'

export interface Size {
  readonly widthPx: number
  readonly heightPx: number
}

/** A part of a picture, in its own pixels as it is shown. */
export interface Region extends Size {
  readonly left: number
  readonly top: number
}

/** To what a picture is brought, and how; only the region, where one is given. */
export interface FitTarget extends Size {
  readonly fit: FitMode
  readonly region?: Region
}

/** What a picture is. Width and height are as it is shown, after its EXIF orientation. */
export interface PictureFacts extends Size {
  readonly format: PictureFormat
  readonly hasAlpha: boolean
}

/**
 * What the picture is, once all of it was decoded: what this accepts, the studio can use.
 * @throws StudioError invalid-request for a file that is no picture, damaged or too large; not-found
 */
export async function readPicture(source: PictureSource): Promise<PictureFacts> {
  const facts = await readFacts(source)
  // A small output keeps the memory of a large picture's decoding to a few rows.
  await decode(source, openPicture(source).resize({ width: 16, height: 16, fit: 'fill' }).raw())
  return facts
}

/**
 * The picture as [1, 3, heightPx, widthPx] in [-1, 1], in sRGB, resampled with Lanczos-3. Transparent parts lie on
 * white. `crop` cuts off what overhangs, evenly; `contain` keeps all of it and continues its edges into the margins,
 * so that no bars are painted into the result; `stretch` ignores the proportions. Of a region, only that.
 * @throws StudioError as `readPicture`
 */
export async function pictureTensor(source: PictureSource, target: FitTarget): Promise<Tensor> {
  const facts = await readFacts(source)
  const pixels = await decode(source, fitted(opaque(source), facts, target).raw())
  return fromPixels(pixels, target.widthPx, target.heightPx)
}

/** [1, 3, h, w] in [-1, 1] stretched to another size, in 8 bits. */
export async function resizedPicture(picture: Tensor, { widthPx, heightPx }: Size): Promise<Tensor> {
  const resized = resize(pipelineOf(toPixels(picture)), widthPx, heightPx, 'stretch')
  return fromPixels(await resized.raw().toBuffer(), widthPx, heightPx)
}

/** A picture's pipeline brought to the target; `size` is the picture's own. */
export function fitted(picture: Sharp, size: Size, target: FitTarget, kernel: Kernel = 'lanczos3'): Sharp {
  const { widthPx, heightPx, fit, region } = target
  const part = region
    ? picture.extract({ left: region.left, top: region.top, width: region.widthPx, height: region.heightPx })
    : picture
  if (fit === 'contain') return contain(part, region ?? size, target, kernel)
  return resize(part, widthPx, heightPx, fit, kernel)
}

/** A file that was written. */
export interface WrittenPicture extends Size {
  readonly sizeBytes: number
}

/**
 * Writes [1, 3, h, w] in [-1, 1] as an 8-bit RGB PNG with its texts, whole or not at all. The same values and texts
 * give the same bytes.
 * @throws StudioError disk-full, internal; also for a picture that holds not-a-number, which only a fault leaves there
 */
export async function writePicture(
  picture: Tensor,
  path: string,
  { texts }: { texts: Texts },
): Promise<WrittenPicture> {
  if (picture.data.some(Number.isNaN)) {
    throw new StudioError('internal', `${path}: expected numbers in the decoded picture, found not-a-number`)
  }
  const pixels = toPixels(picture)
  const png = await pipelineOf(pixels).png({ compressionLevel: 6, adaptiveFiltering: true }).toBuffer()
  return write(path, insertTexts(png, texts), pixels)
}

/**
 * Writes a WebP thumbnail of [1, 3, h, w] in [-1, 1], or of a picture's file: at most 384 px on the long edge. A
 * picture that is no larger is kept pixel by pixel, without loss: enlarging it here would only blur it, and the window
 * scales it as sharply as its screen allows.
 * @throws StudioError disk-full, internal; for a file, as `readPicture`
 */
export async function writeThumbnail(picture: Tensor | PictureSource, path: string): Promise<WrittenPicture> {
  if (typeof picture === 'string' || picture instanceof Uint8Array) {
    const thumbnail = thumbnailOf(opaque(picture), await readFacts(picture))
    return write(path, await decode(picture, thumbnail.pipeline), thumbnail)
  }
  const pixels = toPixels(picture)
  const thumbnail = thumbnailOf(pipelineOf(pixels), pixels)
  return write(path, await thumbnail.pipeline.toBuffer(), thumbnail)
}

/**
 * A WebP thumbnail of a picture that came from anywhere, of at most 384 px on the long edge.
 * @throws StudioError as `readPicture`
 */
export async function thumbnailBytes(picture: PictureSource): Promise<Uint8Array> {
  const { pipeline } = thumbnailOf(opaque(picture), await readFacts(picture))
  return decode(picture, pipeline)
}

/** A PNG data URL of [1, 3, h, w] in [-1, 1], for a look at a latent-sized picture: made for speed, not for size. */
export function previewDataUrl(picture: Tensor): string {
  const { data, widthPx, heightPx } = toPixels(picture)
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, widthPx)
  view.setUint32(4, heightPx)
  header.set([8, 2], 8) // 8 bits, RGB
  const rows = new Uint8Array(heightPx * (1 + 3 * widthPx)) // each row after a 0, its filter
  for (let y = 0; y < heightPx; y++) {
    rows.set(data.subarray(3 * widthPx * y, 3 * widthPx * (y + 1)), y * (1 + 3 * widthPx) + 1)
  }
  const chunks = [
    { type: 'IHDR', data: header },
    { type: 'IDAT', data: deflateSync(rows, { level: 1 }) },
    { type: 'IEND', data: new Uint8Array(0) },
  ]
  return `data:image/png;base64,${Buffer.concat([PNG_SIGNATURE, ...chunks.map(encodeChunk)]).toString('base64')}`
}

function pipelineOf({ data, widthPx, heightPx }: Pixels): Sharp {
  return sharp(data, { raw: { width: widthPx, height: heightPx, channels: 3 } })
}

async function write(path: string, bytes: Uint8Array, size: Size): Promise<WrittenPicture> {
  await writeFileAtomically(path, bytes)
  return { widthPx: size.widthPx, heightPx: size.heightPx, sizeBytes: bytes.length }
}

function thumbnailOf(full: Sharp, { widthPx, heightPx }: Size): Size & { pipeline: Sharp } {
  const scale = THUMBNAIL_EDGE_PX / Math.max(widthPx, heightPx)
  if (scale >= 1) return { pipeline: full.webp({ lossless: true }), widthPx, heightPx }
  const size = {
    widthPx: Math.max(1, Math.round(widthPx * scale)),
    heightPx: Math.max(1, Math.round(heightPx * scale)),
  }
  const smaller = resize(full, size.widthPx, size.heightPx, 'stretch')
  return { pipeline: smaller.webp({ quality: THUMBNAIL_QUALITY, smartSubsample: true }), ...size }
}

/** The picture in sRGB, transparent parts on white. */
function opaque(source: PictureSource): Sharp {
  return openPicture(source).flatten({ background: '#ffffff' }).toColourspace('srgb')
}

function resize(
  picture: Sharp,
  width: number,
  height: number,
  fit: 'crop' | 'stretch',
  kernel: Kernel = 'lanczos3',
): Sharp {
  return picture.resize({ width, height, fit: fit === 'crop' ? 'cover' : 'fill', kernel, fastShrinkOnLoad: false })
}

function contain(picture: Sharp, size: Size, { widthPx, heightPx }: Size, kernel: Kernel): Sharp {
  const scale = Math.min(widthPx / size.widthPx, heightPx / size.heightPx)
  const innerWidth = Math.max(1, Math.round(size.widthPx * scale))
  const innerHeight = Math.max(1, Math.round(size.heightPx * scale))
  const left = Math.floor((widthPx - innerWidth) / 2)
  const top = Math.floor((heightPx - innerHeight) / 2)
  return resize(picture, innerWidth, innerHeight, 'stretch', kernel).extend({
    left,
    top,
    right: widthPx - innerWidth - left,
    bottom: heightPx - innerHeight - top,
    extendWith: 'copy',
  })
}

async function readFacts(source: PictureSource): Promise<PictureFacts> {
  let metadata: Metadata
  try {
    metadata = await openPicture(source).metadata()
  } catch (cause) {
    throw unreadable(source, cause)
  }
  const { autoOrient, hasAlpha } = metadata
  const name = metadata.format === 'heif' && metadata.compression === 'av1' ? 'avif' : metadata.format
  const format = PICTURE_FORMATS.find((known) => known === name)
  if (!format) throw unsuitable(source, `one of ${PICTURE_FORMATS.join(', ')}`, name)
  if (autoOrient.width * autoOrient.height > MAX_PIXELS) {
    const found = `${autoOrient.width} x ${autoOrient.height}`
    throw unsuitable(source, `a picture of at most ${MAX_PIXELS / 1e6} million pixels`, found)
  }
  return { format, widthPx: autoOrient.width, heightPx: autoOrient.height, hasAlpha }
}

async function decode(source: PictureSource, pipeline: Sharp): Promise<Uint8Array> {
  try {
    return await pipeline.toBuffer()
  } catch (cause) {
    throw unreadable(source, cause)
  }
}
