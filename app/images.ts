import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { StudioError, toFailure, type FailureCode } from '../main/contract/failure.ts'
import { InputId } from '../main/contract/generation.ts'
import { ImageId, type InputImage } from '../main/contract/image.ts'

/** Where pictures lie, by id. Both paths throw not-found for an id that is not theirs. */
export interface PictureFiles {
  filePath(id: ImageId, size: 'full' | 'thumb'): string | Promise<string>
  inputPath(id: InputId): string
  keepInput(bytes: Uint8Array): InputImage | Promise<InputImage>
}

export type ImageHandler = (request: Request) => Promise<Response | null>

export const INPUT_LIMIT_BYTES = 64 * 1024 ** 2

/**
 * Answers what concerns pictures and null for every other address: `GET /image/<id>?size=thumb|full`,
 * `GET /input/<sha256>`, `POST /input` with a picture's bytes, answered by an `InputImage` or a `Failure` as JSON.
 * Pictures are named by id alone; nothing of the address becomes part of a path.
 */
export function createImages(files: PictureFiles): ImageHandler {
  return async (request) => {
    const url = new URL(request.url)
    const [, room, id, ...rest] = url.pathname.split('/')
    if ((room !== 'image' && room !== 'input') || rest.length > 0) return null
    try {
      if (room === 'input' && id === undefined) return await takeInput(request, files)
      if (request.method !== 'GET' && request.method !== 'HEAD') return refuseMethod('GET, HEAD')
      const size = url.searchParams.get('size') ?? 'full'
      const found = room === 'image' ? await findImage(files, id, size) : findInput(files, id)
      return await sendPicture(request, found)
    } catch (error) {
      const failure = toFailure(error)
      return Response.json(failure, { status: STATUS[failure.code] ?? 500, headers: { 'Cache-Control': 'no-store' } })
    }
  }
}

const STATUS: Partial<Record<FailureCode, number>> = { 'invalid-request': 400, 'not-found': 404, 'disk-full': 507 }

interface Found {
  readonly path: string
  /** The same tag is the same bytes for ever. */
  readonly tag: string
}

async function findImage(files: PictureFiles, id: string | undefined, size: string): Promise<Found> {
  const image = ImageId.safeParse(id)
  if (!image.success) throw new StudioError('not-found', 'expected a picture’s id in the address')
  if (size !== 'thumb' && size !== 'full') {
    throw new StudioError('invalid-request', `expected size thumb or full, found "${size}"`, { field: 'size' })
  }
  return { path: await files.filePath(image.data, size), tag: `"${image.data}-${size}"` }
}

function findInput(files: PictureFiles, id: string | undefined): Found {
  const input = InputId.safeParse(id)
  if (!input.success) throw new StudioError('not-found', 'expected an input picture’s id in the address')
  return { path: files.inputPath(input.data), tag: `"${input.data}"` }
}

async function sendPicture(request: Request, { path, tag }: Found): Promise<Response> {
  const headers = new Headers({ ETag: tag, 'Cache-Control': 'private, max-age=31536000, immutable' })
  if (request.headers.get('If-None-Match') === tag) return new Response(null, { status: 304, headers })
  const { sizeBytes, type } = await readFacts(path)
  headers.set('Content-Type', type)
  headers.set('Content-Length', String(sizeBytes))
  headers.set('Content-Disposition', `inline; filename*=UTF-8''${encodeURIComponent(basename(path))}`)
  if (request.method === 'HEAD') return new Response(null, { headers })
  // Node's web streams and the global ones are one class with two sets of typings.
  const body = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>
  return new Response(body, { headers })
}

const SIGNATURES = [
  { type: 'image/png', at: 0, bytes: '\x89PNG' },
  { type: 'image/jpeg', at: 0, bytes: '\xff\xd8\xff' },
  { type: 'image/webp', at: 8, bytes: 'WEBP' },
  { type: 'image/gif', at: 0, bytes: 'GIF8' },
  { type: 'image/avif', at: 4, bytes: 'ftypavif' },
  { type: 'image/tiff', at: 0, bytes: 'II*\0' },
  { type: 'image/tiff', at: 0, bytes: 'MM\0*' },
]

async function readFacts(path: string): Promise<{ sizeBytes: number; type: string }> {
  const file = await open(path).catch((error: unknown) => {
    throw new StudioError('not-found', `expected a picture in ${basename(path)}, found no such file`, { cause: error })
  })
  try {
    const { size } = await file.stat()
    const head = Buffer.alloc(16)
    await file.read(head, 0, head.length, 0)
    const text = head.toString('latin1')
    const signature = SIGNATURES.find(({ at, bytes }) => text.startsWith(bytes, at))
    return { sizeBytes: size, type: signature?.type ?? 'application/octet-stream' }
  } finally {
    await file.close()
  }
}

async function takeInput(request: Request, files: PictureFiles): Promise<Response> {
  if (request.method !== 'POST') return refuseMethod('POST')
  return Response.json(await files.keepInput(await readLimited(request)), { headers: { 'Cache-Control': 'no-store' } })
}

async function readLimited(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get('Content-Length') ?? 0) > INPUT_LIMIT_BYTES) throw tooLarge()
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  const body: AsyncIterable<Uint8Array> = request.body ?? new Blob([]).stream()
  for await (const chunk of body) {
    sizeBytes += chunk.length
    if (sizeBytes > INPUT_LIMIT_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  if (sizeBytes === 0) throw new StudioError('invalid-request', 'expected the bytes of a picture, found none')
  return Buffer.concat(chunks)
}

function tooLarge(): StudioError {
  return new StudioError(
    'invalid-request',
    `expected a picture of at most ${INPUT_LIMIT_BYTES / 1024 ** 2} MB, found more`,
  )
}

function refuseMethod(allowed: string): Response {
  return new Response(null, { status: 405, headers: { Allow: allowed } })
}
