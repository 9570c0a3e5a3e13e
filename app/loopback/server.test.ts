import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { EventMessage } from '../../main/contract/calls.ts'
import { CONTENT_SECURITY_POLICY } from '../security.ts'
import { serveLoopback, type Loopback } from './server.ts'

const PICTURE = '/image/0190b2f0-1234-7000-8000-0123456789ab'

let folder: string
let loopback: Loopback
let tell: (event: EventMessage) => void
let posted: Buffer[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'loopback-'))
  mkdirSync(join(folder, 'page', 'assets'), { recursive: true })
  writeFileSync(join(folder, 'page', 'index.html'), '<title>Latent Studio</title>')
  writeFileSync(join(folder, 'page', 'assets', 'index-abc.js'), 'export {}')
  writeFileSync(join(folder, 'secret.txt'), 'not yours')
  posted = []
  loopback = await serveLoopback({
    port: 0,
    rendererFolder: join(folder, 'page'),
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    studio: {
      answer: (name, input) =>
        Promise.resolve(name === 'echo' ? { ok: input } : { failure: { code: 'not-found', message: `no ${name}` } }),
      images: async (picture) => {
        const { pathname } = new URL(picture.url)
        if (pathname === '/input') posted.push(Buffer.from(await picture.arrayBuffer()))
        return pathname === PICTURE || pathname === '/input' ? new Response('pixels') : null
      },
      subscribe: (listener) => {
        tell = listener
        return () => undefined
      },
    },
  })
})
afterEach(async () => {
  await loopback.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

interface Asked {
  method?: string
  headers?: Record<string, string>
  body?: string
}

// Not fetch: it would tidy the path and refuse a Host of the test's choice.
function ask(path: string, { method = 'GET', headers = {}, body = '' }: Asked = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: loopback.port, path, method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

function linkPath(): string {
  return loopback.newLink().slice(`http://127.0.0.1:${loopback.port}`.length)
}

async function signIn(): Promise<string> {
  const cookies = (await ask(linkPath())).headers['set-cookie']
  return String(cookies).split(';')[0] ?? ''
}

function openSocket(headers: Record<string, string>): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${loopback.port}/socket`, { headers })
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      resolve(socket)
    })
    socket.on('error', reject)
  })
}

function nextMessage(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once('message', (data: Buffer) => {
      resolve(JSON.parse(data.toString('utf8')))
    })
  })
}

const origin = (): string => `http://127.0.0.1:${loopback.port}`

test('a link buys a cookie no script can read and leaves the address bar', async () => {
  const reply = await ask(linkPath())
  expect(reply.status).toBe(303)
  expect(reply.headers['location']).toBe('/')
  expect(String(reply.headers['set-cookie'])).toMatch(
    /^latent-studio-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
  )
})

test('a link works once, and again only where its cookie already is', async () => {
  const path = linkPath()
  const cookie = String((await ask(path)).headers['set-cookie']).split(';')[0] ?? ''
  expect((await ask(path)).status).toBe(403)
  expect((await ask(path, { headers: { cookie } })).status).toBe(303)
})

test('the page, its files and pictures come with the cookie', async () => {
  const headers = { cookie: await signIn() }
  expect(await ask('/', { headers })).toMatchObject({ status: 200, text: '<title>Latent Studio</title>' })
  expect((await ask('/assets/index-abc.js', { headers })).headers['content-type']).toBe('text/javascript')
  expect(await ask(PICTURE, { headers })).toMatchObject({ status: 200, text: 'pixels' })
  const picture = { method: 'POST', headers: { ...headers, origin: origin() }, body: 'a picture' }
  expect((await ask('/input', picture)).status).toBe(200)
  expect(posted.map(String)).toEqual(['a picture'])
})

test.each(['/', '/index.html', '/assets/index-abc.js', PICTURE, '/socket', '/nothing', '/?token=', '/?token=wrong'])(
  '%s without the cookie is refused',
  async (path) => {
    expect((await ask(path)).status).toBe(403)
    expect((await ask(path, { headers: { cookie: `latent-studio-${loopback.port}=wrong` } })).status).toBe(403)
  },
)

test.each(['evil.example', 'evil.example:80', 'localhost', '127.0.0.1', '127.0.0.1:1', '[::1]'])(
  'a request addressed to %s is refused though it reached this machine',
  async (host) => {
    const cookie = await signIn()
    expect((await ask('/', { headers: { cookie, host } })).status).toBe(403)
    const link = linkPath()
    expect((await ask(link, { headers: { host } })).headers['set-cookie']).toBeUndefined()
    expect((await ask(link)).status).toBe(303)
  },
)

test.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'https://127.0.0.1'])(
  'a request from a page of %s is refused even with the cookie',
  async (foreign) => {
    const headers = { cookie: await signIn(), origin: foreign }
    expect((await ask(PICTURE, { headers })).status).toBe(403)
    expect((await ask('/input', { method: 'POST', headers, body: 'x' })).status).toBe(403)
    expect(posted).toEqual([])
    await expect(openSocket(headers)).rejects.toThrow('403')
  },
)

test.each(['cross-site', 'same-site'])('what the browser marks as %s is refused', async (site) => {
  const headers = { cookie: await signIn(), 'sec-fetch-site': site }
  expect((await ask(PICTURE, { headers })).status).toBe(403)
})

test('a socket needs the cookie, this host and this origin', async () => {
  const cookie = await signIn()
  await expect(openSocket({ origin: origin() })).rejects.toThrow('403')
  await expect(openSocket({ cookie })).rejects.toThrow('403')
  await expect(openSocket({ cookie, origin: origin(), host: 'evil.example' })).rejects.toThrow('403')
  const socket = await openSocket({ cookie, origin: origin() })
  socket.close()
})

test('a socket answers calls by their id and passes events on', async () => {
  const socket = await openSocket({ cookie: await signIn(), origin: origin() })
  socket.send(JSON.stringify({ id: 7, name: 'echo', input: { prompt: 'a fox' } }))
  expect(await nextMessage(socket)).toEqual({ id: 7, ok: { prompt: 'a fox' } })
  socket.send(JSON.stringify({ id: 8, name: 'nothing' }))
  expect(await nextMessage(socket)).toEqual({ id: 8, failure: { code: 'not-found', message: 'no nothing' } })
  tell({ name: 'jobs.removed', payload: [] })
  expect(await nextMessage(socket)).toEqual({ name: 'jobs.removed', payload: [] })
  socket.close()
})

test.each(['no json', '{"name":"echo"}', '7'])(
  'a socket that sends %s is closed and the server goes on',
  async (text) => {
    const cookie = await signIn()
    const socket = await openSocket({ cookie, origin: origin() })
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.send(text)
    expect(await closed).toBe(1008)
    expect((await ask('/', { headers: { cookie } })).status).toBe(200)
  },
)

test('a message over the limit closes its socket and the server goes on', async () => {
  const cookie = await signIn()
  const socket = await openSocket({ cookie, origin: origin() })
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.on('error', () => undefined)
  socket.send('x'.repeat(2 * 1024 ** 2))
  await closed
  expect((await ask('/', { headers: { cookie } })).status).toBe(200)
})

test.each(['/../secret.txt', '/..%2fsecret.txt', '/assets/../../secret.txt', '/%2e%2e/secret.txt', '/..\\secret.txt'])(
  '%s does not leave the page’s folder',
  async (path) => {
    const reply = await ask(path, { headers: { cookie: await signIn() } })
    expect(reply.status).toBe(404)
    expect(reply.text).not.toContain('not yours')
  },
)

test.each(['//etc/passwd', '//', 'http://evil.example/', '//[/'])('the address %s is refused', async (path) => {
  expect((await ask(path, { headers: { cookie: await signIn() } })).status).toBe(400)
})

test('another process gets a fresh link for the secret and nothing without it', async () => {
  expect((await ask('/link', { method: 'POST' })).status).toBe(403)
  expect((await ask('/link', { method: 'POST', headers: { authorization: 'Bearer wrong' } })).status).toBe(403)
  const reply = await ask('/link', { method: 'POST', headers: { authorization: `Bearer ${loopback.secret}` } })
  expect((await ask(new URL(reply.text).search.replace(/^/, '/'))).status).toBe(303)
})

test('every answer carries the policy, whatever it is', async () => {
  const headers = { cookie: await signIn() }
  const replies = [
    await ask('/'),
    await ask('/', { headers }),
    await ask(PICTURE, { headers }),
    await ask('/nope', { headers }),
  ]
  for (const reply of replies) {
    expect(reply.headers['content-security-policy']).toBe(CONTENT_SECURITY_POLICY)
    expect(reply.headers['x-content-type-options']).toBe('nosniff')
    expect(reply.headers['referrer-policy']).toBe('no-referrer')
  }
})

test('only this machine is listened to', async () => {
  const { networkInterfaces } = await import('node:os')
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address && !address.internal && address.family === 'IPv4')
  if (!outside) return
  const outcome = await new Promise((resolve) => {
    const socket = connect({ host: outside.address, port: loopback.port })
    socket.on('connect', () => {
      resolve('connected')
      socket.destroy()
    })
    socket.on('error', () => {
      resolve('refused')
    })
  })
  expect(outcome).toBe('refused')
})

test('close ends open sockets and frees the port', async () => {
  const socket = await openSocket({ cookie: await signIn(), origin: origin() })
  const closed = new Promise((resolve) => socket.on('close', resolve))
  await loopback.close()
  await closed
  await expect(ask('/')).rejects.toThrow('ECONNREFUSED')
})
