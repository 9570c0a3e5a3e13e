import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPages } from './pages.ts'

let home: string
let pages: (request: Request) => Promise<Response>

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pages-'))
  mkdirSync(join(home, 'renderer', 'assets'), { recursive: true })
  writeFileSync(join(home, 'renderer', 'index.html'), '<!doctype html>')
  writeFileSync(join(home, 'renderer', 'assets', 'main.js'), 'export {}')
  writeFileSync(join(home, 'secret.txt'), 'secret')
  pages = createPages(join(home, 'renderer'))
})
afterEach(() => {
  rmSync(home, { recursive: true, force: true })
})

function get(path: string, method = 'GET'): Promise<Response> {
  return pages(new Request(`studio://app${path}`, { method }))
}

test.each([
  ['/', 'text/html; charset=utf-8', '<!doctype html>'],
  ['/index.html', 'text/html; charset=utf-8', '<!doctype html>'],
  ['/assets/main.js', 'text/javascript; charset=utf-8', 'export {}'],
])('%s is served as %s', async (path, type, text) => {
  const response = await get(path)
  expect(response.status).toBe(200)
  expect(response.headers.get('Content-Type')).toBe(type)
  expect(await response.text()).toBe(text)
})

test.each(['/missing.js', '/..%2fsecret.txt', '/assets/..%2f..%2fsecret.txt', '/%00', '/%E0%A4%A', '/assets'])(
  '%s is not found',
  async (path) => {
    expect((await get(path)).status).toBe(404)
  },
)

test('pages are read, never written to', async () => {
  const response = await get('/', 'POST')
  expect(response.status).toBe(405)
  expect(response.headers.get('Allow')).toBe('GET, HEAD')
})
