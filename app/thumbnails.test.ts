import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withThumbnails, type ThumbnailSource } from './thumbnails.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thumbnails-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function png(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#c33' } })
    .png()
    .toBuffer()
}

/** Asks for an address where `known` has pictures by id. */
async function ask(
  path: string,
  known: Record<string, string | Uint8Array> = {},
  init: RequestInit = {},
): Promise<Response | null> {
  const source: ThumbnailSource = { thumbnail: (id) => Promise.resolve(known[id] ?? null) }
  const others = () => Promise.resolve(null)
  return withThumbnails(others, source)(new Request(`http://127.0.0.1${path}`, init))
}

test('a picture is made anew, small, whatever its file holds', async () => {
  const file = join(folder, 'ink.preview.png')
  writeFileSync(file, Buffer.concat([await png(1000, 500), Buffer.from('<script>')]))
  for (const picture of [file, await png(1000, 500)]) {
    const response = await ask('/model-thumbnail/ink', { ink: picture })
    expect(response?.headers.get('Content-Type')).toBe('image/webp')
    const bytes = Buffer.from((await response?.arrayBuffer()) ?? new ArrayBuffer())
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 384, height: 192 })
    expect(bytes.includes('<script>')).toBe(false)
  }
})

test('the same picture is not sent twice, another in its place is', async () => {
  const file = join(folder, 'ink.png')
  writeFileSync(file, await png(64, 64))
  const tag = (await ask('/model-thumbnail/ink', { ink: file }))?.headers.get('ETag') ?? ''
  const again = { headers: { 'If-None-Match': tag } }
  expect((await ask('/model-thumbnail/ink', { ink: file }, again))?.status).toBe(304)
  writeFileSync(file, await png(32, 64))
  expect((await ask('/model-thumbnail/ink', { ink: file }, again))?.status).toBe(200)
})

test.each([
  ['an id that is unknown', '/model-thumbnail/other'],
  ['what is no picture', '/model-thumbnail/text'],
  ['a file that is gone', '/model-thumbnail/gone'],
  ['an address that does not decode', '/model-thumbnail/%ff'],
])('%s is not found', async (_what, path) => {
  writeFileSync(join(folder, 'text'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  const response = await ask(path, { text: join(folder, 'text'), gone: join(folder, 'gone') })
  expect(response?.status).toBe(404)
})

test.each(['/model-thumbnail', '/model-thumbnail/a/b', '/image/ink'])('%s is another’s address', async (path) => {
  expect(await ask(path, { ink: await png(8, 8) })).toBeNull()
})

test('nothing is taken in there', async () => {
  expect((await ask('/model-thumbnail/ink', {}, { method: 'POST' }))?.status).toBe(405)
})
