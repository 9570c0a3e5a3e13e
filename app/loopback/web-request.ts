import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Node's request as the web-standard one both shells' handlers take. */
export function toWebRequest(message: IncomingMessage, origin: string): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const method = message.method ?? 'GET'
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(new URL(message.url ?? '/', origin), {
    method,
    headers,
    ...(hasBody ? { body: Readable.toWeb(message) as ReadableStream<Uint8Array>, duplex: 'half' } : {}),
  })
}

/** Sends a web-standard answer; one whose reader goes away half-way is simply over. */
export async function sendWebResponse(response: Response, to: ServerResponse): Promise<void> {
  for (const [name, value] of response.headers) to.setHeader(name, value)
  to.writeHead(response.status)
  if (!response.body) {
    to.end()
    return
  }
  // Node's web streams and the global ones are one class with two sets of typings.
  const body = Readable.fromWeb(response.body)
  await pipeline(body, to).catch(() => {
    to.destroy()
  })
}
