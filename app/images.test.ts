import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Failure, StudioError } from '../main/contract/failure.ts'
import { createImages, INPUT_LIMIT_BYTES, type ImageHandler } from './images.ts'

const ID = '0190b2f0-1234-7000-8000-0123456789ab'
const SHA = createHash('sha256').update('input').digest('hex')
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
const WEBP = Buffer.from('RIFF\x10\0\0\0WEBPVP8L', 'latin1')

let folder: string
let images: ImageHandler
let kept: Uint8Array[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'images-'))
  kept = []
  writeFileSync(join(folder, 'ein roter Fuchs 狐.png'), PNG)
  writeFileSync(join(folder, 'thumb.webp'), WEBP)
  writeFileSync(join(folder, SHA), PNG)
  const only = (known: string, id: string, name: string): string => {
    if (id !== known) throw new StudioError('not-found', `expected a known id, found ${id}`)
    return join(folder, name)
  }
  images = createImages({
    filePath: (id, size) => only(ID, id, size === 'full' ? 'ein roter Fuchs 狐.png' : 'thumb.webp'),
    inputPath: (id) => only(SHA, id, SHA),
    keepInput: (bytes) => {
      kept.push(bytes)
      return { id: SHA, widthPx: 64, heightPx: 64 }
    },
  })
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function ask(path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> {
  const response = await images(new Request(`studio://app${path}`, init))
  if (!response) throw new Error(`expected an answer to ${path}`)
  return response
}

test('a picture comes with its type, its name for dragging out, and may be cached for ever', async () => {
  const response = await ask(`/image/${ID}?size=full`)
  expect(response.status).toBe(200)
  expect(Buffer.from(await response.arrayBuffer())).toEqual(PNG)
  expect(response.headers.get('Content-Type')).toBe('image/png')
  expect(response.headers.get('Content-Length')).toBe('16')
  expect(response.headers.get('Content-Disposition')).toBe(
    "inline; filename*=UTF-8''ein%20roter%20Fuchs%20%E7%8B%90.png",
  )
  expect(response.headers.get('Cache-Control')).toContain('immutable')
})

test('a thumbnail is another picture with another tag', async () => {
  const [full, thumb] = [await ask(`/image/${ID}`), await ask(`/image/${ID}?size=thumb`)]
  expect(thumb.headers.get('Content-Type')).toBe('image/webp')
  expect(thumb.headers.get('ETag')).not.toBe(full.headers.get('ETag'))
})

test('a picture the browser already has is not sent again', async () => {
  const tag = (await ask(`/image/${ID}`)).headers.get('ETag') ?? ''
  const response = await ask(`/image/${ID}`, { headers: { 'If-None-Match': tag } })
  expect(response.status).toBe(304)
  expect(await response.text()).toBe('')
})

test('HEAD answers the headers alone', async () => {
  const response = await ask(`/image/${ID}`, { method: 'HEAD' })
  expect(response.headers.get('Content-Length')).toBe('16')
  expect(await response.text()).toBe('')
})

test('an input picture is found by its hash', async () => {
  const response = await ask(`/input/${SHA}`)
  expect(response.headers.get('Content-Type')).toBe('image/png')
})

test.each([
  ['/image/0190b2f0-1234-7000-8000-00000000dead', 404],
  ['/image/', 404],
  ['/image/..%2f..%2fsettings.json', 404],
  ['/image/%2e%2e%2fsettings.json', 404],
  [`/image/${ID}?size=huge`, 400],
  ['/input/settings.json', 404],
  [`/input/${'0'.repeat(64)}`, 404],
])('%s is refused with %i and a failure the window can show', async (path, status) => {
  const response = await ask(path)
  expect(response.status).toBe(status)
  expect(Failure.safeParse(await response.json()).success).toBe(true)
})

test.each(['/', '/index.html', '/images', `/image/${ID}/more`, '/socket'])(
  '%s is none of its business',
  async (path) => {
    expect(await images(new Request(`studio://app${path}`))).toBeNull()
  },
)

test('a picture whose file was taken away is not found', async () => {
  rmSync(join(folder, 'thumb.webp'))
  expect((await ask(`/image/${ID}?size=thumb`)).status).toBe(404)
})

test('a posted picture is kept whole and answered with its id', async () => {
  const response = await ask('/input', { method: 'POST', body: PNG })
  expect(await response.json()).toEqual({ id: SHA, widthPx: 64, heightPx: 64 })
  expect(kept.map((bytes) => Buffer.from(bytes))).toEqual([PNG])
})

test('a body that streams past the limit is refused without being kept', async () => {
  const megabyte = new Uint8Array(1024 ** 2)
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += megabyte.length
      controller.enqueue(megabyte)
    },
  })
  const response = await ask('/input', { method: 'POST', body, duplex: 'half' })
  expect(response.status).toBe(400)
  expect(Failure.parse(await response.json()).message).toBe('expected a picture of at most 64 MB, found more')
  expect(sent).toBeLessThan(INPUT_LIMIT_BYTES + 4 * megabyte.length)
  expect(kept).toEqual([])
})

test('a body that is announced too large is refused before it is read', async () => {
  const headers = { 'Content-Length': String(INPUT_LIMIT_BYTES + 1) }
  expect((await ask('/input', { method: 'POST', body: PNG, headers })).status).toBe(400)
})

test('an empty body says so', async () => {
  expect(Failure.parse(await (await ask('/input', { method: 'POST' })).json()).message).toContain('found none')
})

test.each([
  ['DELETE', `/image/${ID}`],
  ['PUT', '/input'],
])('%s %s is not allowed', async (method, path) => {
  expect((await ask(path, { method })).status).toBe(405)
})
