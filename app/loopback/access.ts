import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

const HOST = '127.0.0.1'

/**
 * Who may talk to the loopback server. Any page in any browser can send requests to this machine, so a request must
 * name this address itself (a foreign name that resolves here is DNS rebinding), must not come from another origin, and
 * must carry the cookie that only the holder of a link was given.
 */
export class Access {
  readonly #links = new Set<string>()
  readonly #session = word()
  readonly #port: number
  /** What another process of the same user shows to be handed a link. */
  readonly secret = word()

  constructor(port: number) {
    this.#port = port
  }

  get origin(): string {
    return `http://${HOST}:${this.#port}`
  }

  /** An address that opens the studio once. */
  newLink(): string {
    const token = word()
    this.#links.add(token)
    return `${this.origin}/?token=${token}`
  }

  /** Whether the request was addressed to this server and not sent by a page of another one. */
  isAddressedHere(headers: IncomingHttpHeaders): boolean {
    return headers.host === `${HOST}:${this.#port}` && (headers.origin === undefined || headers.origin === this.origin)
  }

  /** Whether the browser says the request was made by the studio's own page, or typed in by the user. */
  isSameOrigin(headers: IncomingHttpHeaders): boolean {
    const site = headers['sec-fetch-site']
    return site === undefined || site === 'same-origin' || site === 'none'
  }

  /** Whether a page of the studio itself made the request; other than pages, browsers always name the origin of a socket. */
  isFromOwnPage(headers: IncomingHttpHeaders): boolean {
    return this.isAddressedHere(headers) && headers.origin === this.origin
  }

  hasCookie(headers: IncomingHttpHeaders): boolean {
    const cookies = headers.cookie?.split(';') ?? []
    return cookies.some((cookie) => isSame(cookie.trim(), `${this.#cookieName}=${this.#session}`))
  }

  hasSecret(headers: IncomingHttpHeaders): boolean {
    return isSame(headers.authorization ?? '', `Bearer ${this.secret}`)
  }

  /** The cookie a link's token buys, once; null for a token that is unknown or spent. */
  exchange(token: string): string | null {
    const known = [...this.#links].find((link) => isSame(link, token))
    if (known === undefined) return null
    this.#links.delete(known)
    return `${this.#cookieName}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`
  }

  // Cookies do not know ports: two studios on one machine would overwrite each other's.
  get #cookieName(): string {
    return `latent-studio-${this.#port}`
  }
}

function word(): string {
  return randomBytes(32).toString('base64url')
}

function isSame(found: string, expected: string): boolean {
  const [a, b] = [Buffer.from(found), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
