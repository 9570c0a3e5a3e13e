import { readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'

/** What the build writes; anything else is sent as bytes. */
const TYPES: Partial<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** Serves the built window's files out of `folder`, and nothing outside of it. */
export function createPages(folder: string): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response(null, { status: 405, headers: { Allow: 'GET, HEAD' } })
    }
    const file = fileFor(folder, new URL(request.url).pathname)
    const bytes = file === null ? null : await readFile(file).catch(() => null)
    if (file === null || bytes === null) return new Response(null, { status: 404 })
    const type = TYPES[extname(file)] ?? 'application/octet-stream'
    return new Response(new Uint8Array(bytes), { headers: { 'Content-Type': type } })
  }
}

function fileFor(folder: string, pathname: string): string | null {
  let name: string
  try {
    name = decodeURIComponent(pathname)
  } catch {
    return null
  }
  const file = join(folder, name === '/' ? 'index.html' : name)
  return file.startsWith(folder + sep) && !name.includes('\0') ? file : null
}
