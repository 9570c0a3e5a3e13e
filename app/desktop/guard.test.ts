import { beforeEach, expect, test, vi } from 'vitest'
import { app, restart, told, WebContents } from './electron-stand-in.ts'
import { guardPages } from './guard.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

beforeEach(() => {
  restart()
  app.becomeReady()
  guardPages()
})

function newContents(): WebContents {
  const contents = new WebContents()
  app.emit('web-contents-created', {}, contents)
  return contents
}

test('no page opens another window', () => {
  expect(newContents().openHandler?.({ url: 'https://example.org/' })).toEqual({ action: 'deny' })
  expect(newContents().openHandler?.({ url: 'studio://app/index.html' })).toEqual({ action: 'deny' })
})

test.each([
  ['studio://app/index.html', true],
  ['studio://elsewhere/index.html', false],
  ['studio://app.example.org/', false],
  ['https://app/index.html', false],
  ['file:///etc/passwd', false],
  ['javascript:alert(1)', false],
  ['not an address', false],
])('a page may go to %s: %s', (url, isAllowed) => {
  const contents = newContents()
  expect(contents.mayGo('will-frame-navigate', url)).toBe(isAllowed)
  expect(contents.mayGo('will-redirect', url)).toBe(isAllowed)
})

test('no guest page is embedded', () => {
  const preventDefault = vi.fn()
  newContents().emit('will-attach-webview', { preventDefault })
  expect(preventDefault).toHaveBeenCalledOnce()
})

test.each([
  ['clipboard-sanitized-write', true],
  ['clipboard-read', false],
  ['media', false],
  ['geolocation', false],
  ['notifications', false],
  ['openExternal', false],
])('the permission %s is granted: %s', (permission, isGranted) => {
  expect(told.permissionCheck?.(null, permission)).toBe(isGranted)
  const callback = vi.fn()
  told.permissionRequest?.(null, permission, callback)
  expect(callback).toHaveBeenCalledExactlyOnceWith(isGranted)
})
