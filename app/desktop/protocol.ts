import { protocol } from 'electron'
import { SECURITY_HEADERS } from '../security.ts'

const SCHEME = 'studio'
/** Where the window's page lies: the page, its pictures and its uploads share this one origin. */
export const ORIGIN = `${SCHEME}://app`

/** Makes the scheme an origin like https, so that the page has fetch, storage and 'self' in its policy. Call before ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
    },
  ])
}

/** Answers everything under the scheme, with the headers both shells send; other hosts than the studio's are not found. */
export function serveScheme(answer: (request: Request) => Promise<Response>): void {
  protocol.handle(SCHEME, async (request) => {
    const response = isStudioUrl(request.url) ? await answer(request) : new Response(null, { status: 404 })
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value)
    return response
  })
}

/** True for addresses of the studio's own origin. */
export function isStudioUrl(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed?.protocol === `${SCHEME}:` && parsed.host === 'app'
}
