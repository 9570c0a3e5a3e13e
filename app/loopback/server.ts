import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import sirv, { type RequestHandler } from 'sirv'
import type { EventMessage } from '../../main/contract/calls.ts'
import type { Logger } from '../../main/contract/failure.ts'
import type { ImageHandler } from '../images.ts'
import type { AnswerCall } from '../ipc.ts'
import { SECURITY_HEADERS } from '../security.ts'
import { Access } from './access.ts'
import { createSocketService } from './socket.ts'
import { sendWebResponse, toWebRequest } from './web-request.ts'

/** What a shell serves: calls, events and pictures. */
export interface ServedStudio {
  readonly answer: AnswerCall
  readonly images: ImageHandler
  readonly subscribe: (listener: (event: EventMessage) => void) => () => void
}

interface LoopbackOptions {
  readonly studio: ServedStudio
  /** The built page. */
  readonly rendererFolder: string
  /** 0 takes a free one. */
  readonly port: number
  readonly logger: Logger
}

export interface Loopback {
  readonly port: number
  readonly secret: string
  /** An address that opens the studio in a browser, once. */
  newLink(): string
  close(): Promise<void>
}

const HOST = '127.0.0.1'
const ASK_AGAIN = 'This address is not open. Run "npm start" once more: it opens the studio with a new link.\n'

/** Serves the studio to browsers of this machine, and to nobody else. */
export async function serveLoopback({ studio, rendererFolder, port, logger }: LoopbackOptions): Promise<Loopback> {
  const server = createServer()
  await listen(server, port)
  const access = new Access((server.address() as AddressInfo).port)
  const sockets = createSocketService(studio.answer, studio.subscribe)
  const statics = serveStatics(rendererFolder)

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
    respond({ request, response, access, studio, statics }).catch((error: unknown) => {
      logger.error(`${request.method ?? ''} ${request.url?.split('?')[0] ?? ''} failed`, error)
      response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {
      socket.destroy()
    })
    if (request.url === '/socket' && access.isFromOwnPage(request.headers) && access.hasCookie(request.headers)) {
      sockets.accept(request, socket, head)
    } else {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    }
  })

  return {
    port: Number(new URL(access.origin).port),
    secret: access.secret,
    newLink: () => access.newLink(),
    async close() {
      sockets.close()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly access: Access
  readonly studio: ServedStudio
  readonly statics: RequestHandler
}

async function respond({ request, response, access, studio, statics }: Exchange): Promise<void> {
  const { headers } = request
  if (!access.isAddressedHere(headers)) {
    sendText(response, 403, 'Forbidden\n')
    return
  }
  // Only a path: clients may also send a whole address, and "//name/" would be read as another host.
  if (!request.url?.startsWith('/') || request.url.startsWith('//')) {
    sendText(response, 400, 'Bad request\n')
    return
  }
  const url = new URL(request.url, access.origin)
  if (url.pathname === '/link' && request.method === 'POST') {
    const isKnown = access.hasSecret(headers)
    sendText(response, isKnown ? 200 : 403, isKnown ? access.newLink() : 'Forbidden\n')
    return
  }
  const token = url.searchParams.get('token')
  if (url.pathname === '/' && token !== null) {
    admit(token, { request, response, access })
    return
  }
  if (!access.hasCookie(headers) || !access.isSameOrigin(headers)) {
    sendText(response, 403, ASK_AGAIN)
    return
  }
  const picture = await studio.images(toWebRequest(request, access.origin))
  if (picture) {
    await sendWebResponse(picture, response)
  } else if (request.method === 'GET' || request.method === 'HEAD') {
    statics(request, response)
  } else {
    sendText(response, 405, 'Method not allowed\n')
  }
}

// The token leaves the address bar and the history at once; a spent link still works where its cookie already is.
function admit(token: string, { request, response, access }: Pick<Exchange, 'request' | 'response' | 'access'>): void {
  const cookie = access.exchange(token)
  if (cookie === null && !access.hasCookie(request.headers)) {
    sendText(response, 403, ASK_AGAIN)
    return
  }
  if (cookie !== null) response.setHeader('Set-Cookie', cookie)
  response.writeHead(303, { Location: '/', 'Cache-Control': 'no-store' })
  response.end()
}

function serveStatics(folder: string): RequestHandler {
  if (!existsSync(folder)) {
    return (_request, response) => {
      sendText(response, 404, 'The studio’s page is not built. Run "npm start", which builds it.\n')
    }
  }
  return sirv(folder, {
    etag: true,
    onNoMatch: (_request, response) => {
      sendText(response, 404, 'Not found\n')
    },
    setHeaders: (response, path) => {
      // The build puts a hash into the name of everything but the page itself.
      const isHashed = path.startsWith('/assets/')
      response.setHeader('Cache-Control', isHashed ? 'private, max-age=31536000, immutable' : 'no-cache')
    },
  })
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
  response.end(text)
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
