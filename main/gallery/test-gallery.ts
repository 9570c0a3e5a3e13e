import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import * as z from 'zod'
import { StudioError, type Logger } from '../contract/failure.ts'
import { GenerationRequest } from '../contract/generation.ts'
import { ImageOrigin, type GalleryChange, type GalleryFilter, type ImageRecord } from '../contract/image.ts'
import { Gallery } from './gallery.ts'
import type { GalleryOptions } from './options.ts'

export const REQUEST: GenerationRequest = {
  model: 'starter',
  prompt: 'a red fox in the snow',
  negativePrompt: 'blurry',
  seed: 7,
  steps: 20,
  guidanceScale: 5,
  widthPx: 64,
  heightPx: 72,
  sampler: 'euler',
  schedule: 'karras',
  init: null,
}

export const ORIGIN: ImageOrigin = {
  modelName: 'Starter',
  family: 'sd1',
  predictionType: 'epsilon',
  appVersion: '0.1.0',
  runtime: 'cpu',
}

export const ALL: GalleryFilter = { text: '', starredOnly: false, order: 'newest' }

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')
const Embedded = z.object({ request: GenerationRequest, origin: ImageOrigin })

/** The bytes of a PNG that carries its request, as the studio's pictures do. */
export function pngOf(request: GenerationRequest): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(request.widthPx, 0)
  header.writeUInt32BE(request.heightPx, 4)
  const text = Buffer.from(`parameters\0${JSON.stringify({ request, origin: ORIGIN })}`)
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('tEXt', text), chunk('IEND', Buffer.alloc(0))])
}

/** Reads what `pngOf` embeds; null for a PNG without it. */
export function readEmbedded(path: string): Promise<z.infer<typeof Embedded> | null> {
  const text = /parameters\0(\{.*?\}\})/s.exec(readFileSync(path, 'utf8'))?.[1]
  return Promise.resolve(text === undefined ? null : Embedded.parse(JSON.parse(text)))
}

export interface TestGallery {
  readonly root: string
  readonly options: GalleryOptions
  readonly changes: GalleryChange[]
  readonly lines: string[]
  /** The gallery that is open now. */
  gallery: Gallery
  /** Closes it and opens it again. */
  readonly reopen: () => Promise<Gallery>
  /** Writes a picture as a run does and adopts it; `day` is when it was made. */
  readonly make: (request?: Partial<GenerationRequest>, day?: string) => ImageRecord
}

type OpenTestGallery = (changed?: Partial<GalleryOptions>) => Promise<TestGallery>

/** Opens empty galleries in temporary folders; `onTestFinished` is the runner's, and removes them. */
export function testGalleries(onTestFinished: (cleanUp: () => Promise<void>) => void): OpenTestGallery {
  return async (changed = {}) => {
    const world = await openTestGallery(changed)
    onTestFinished(async () => {
      await world.gallery.close()
      rmSync(world.root, { recursive: true, force: true })
    })
    return world
  }
}

async function openTestGallery(changed: Partial<GalleryOptions>): Promise<TestGallery> {
  const root = mkdtempSync(join(tmpdir(), 'gallery-'))
  const changes: GalleryChange[] = []
  const lines: string[] = []
  const options: GalleryOptions = {
    galleryFolder: join(root, 'gallery'),
    dataFolder: join(root, 'data'),
    logger: linesLogger(lines),
    readEmbedded,
    describe,
    makeThumbnail: (from, to) => copyFile(from, to),
    discard: (path) => rm(path),
    onChange: (change) => changes.push(change),
    ...changed,
  }
  const world: TestGallery = {
    root,
    options,
    changes,
    lines,
    gallery: await Gallery.open(options),
    reopen: async () => {
      await world.gallery.close()
      world.gallery = await Gallery.open(options)
      return world.gallery
    },
    make: (request, day) => make(world.gallery, { ...REQUEST, ...request }, day),
  }
  return world
}

/** Writes what a run leaves in a staging folder: the picture and its thumbnail. */
export function stage(folder: string, request: GenerationRequest, day = '2026-11-22'): void {
  const path = join(folder, 'picture.png')
  writeFileSync(path, pngOf(request))
  writeFileSync(join(folder, 'thumbnail.webp'), 'thumbnail')
  const time = new Date(`${day}T12:00:00`)
  utimesSync(path, time, time)
}

export function linesLogger(lines: string[]): Logger {
  const push = (message: string): void => {
    lines.push(message)
  }
  return { info: push, warn: push, error: (message, cause) => push(`${message} ${String(cause)}`) }
}

function make(gallery: Gallery, request: GenerationRequest, day?: string): ImageRecord {
  const folder = gallery.stagingFolder(randomUUID())
  stage(folder, request, day)
  return gallery.adopt(
    {
      pictureName: 'picture.png',
      thumbnailName: 'thumbnail.webp',
      widthPx: request.widthPx,
      heightPx: request.heightPx,
      sizeBytes: 0,
      origin: ORIGIN,
      durationMs: 1234,
    },
    folder,
    request,
  )
}

function describe(bytes: Uint8Array): Promise<{ widthPx: number; heightPx: number }> {
  const view = Buffer.from(bytes)
  if (!view.subarray(0, 8).equals(SIGNATURE)) throw new StudioError('invalid-request', 'expected a picture, found text')
  return Promise.resolve({ widthPx: view.readUInt32BE(16), heightPx: view.readUInt32BE(20) })
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}
