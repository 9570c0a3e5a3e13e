import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { ModelId } from '../main/contract/generation.ts'
import { toFailure } from '../main/contract/failure.ts'
import { thumbnailBytes } from '../main/image/picture.ts'
import type { ImageHandler } from './images.ts'

/** Who knows the pictures of models and parts. */
export interface ThumbnailSource {
  /** A file's path, or a picture's bytes; null where there is none. */
  thumbnail(id: ModelId): Promise<string | Uint8Array | null>
}

const ADDRESS = /^\/model-thumbnail\/([^/]+)$/

/**
 * Answers `GET /model-thumbnail/<id>` and leaves every other address to `images`. Such a picture came with a download:
 * it is decoded and encoded anew, small, and nothing of its file goes out; nothing of the address becomes a path.
 */
export function withThumbnails(images: ImageHandler, source: ThumbnailSource): ImageHandler {
  return async (request) => {
    const found = ADDRESS.exec(new URL(request.url).pathname)
    if (!found) return images(request)
    if (request.method !== 'GET') return new Response(null, { status: 405, headers: { Allow: 'GET' } })
    try {
      const id = ModelId.safeParse(decode(found[1] ?? ''))
      const picture = id.success ? await source.thumbnail(id.data) : null
      if (picture === null) return new Response(null, { status: 404, headers: { 'Cache-Control': 'no-store' } })
      return await send(request, picture)
    } catch (error) {
      return Response.json(toFailure(error), { status: 404, headers: { 'Cache-Control': 'no-store' } })
    }
  }
}

function decode(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch {
    return ''
  }
}

async function send(request: Request, picture: string | Uint8Array): Promise<Response> {
  // The owner may put another picture there; asking whether it changed costs one look at the file.
  const headers = new Headers({ ETag: await tagOf(picture), 'Cache-Control': 'private, no-cache' })
  if (request.headers.get('If-None-Match') === headers.get('ETag')) return new Response(null, { status: 304, headers })
  const bytes = await thumbnailBytes(picture)
  headers.set('Content-Type', 'image/webp')
  headers.set('Content-Length', String(bytes.length))
  return new Response(Buffer.from(bytes), { headers })
}

async function tagOf(picture: string | Uint8Array): Promise<string> {
  const hash = createHash('sha256')
  if (typeof picture === 'string') {
    const { size, mtimeMs } = await stat(picture)
    hash.update(`${picture} ${size} ${mtimeMs}`)
  } else hash.update(picture)
  return `"${hash.digest('hex').slice(0, 32)}"`
}
