import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EventMessage } from '../../main/contract/calls.ts'
import type { RunningStudio } from '../compose.ts'
import { createEvents } from '../events.ts'
import type { Answer } from '../ipc.ts'
import { claimInstance } from '../instance.ts'
import { studioPaths, type StudioPaths } from '../paths.ts'
import { CONTENT_SECURITY_POLICY } from '../security.ts'
import { CALL_CHANNEL, EVENT_CHANNEL } from './channels.ts'
import { runDesktop } from './desktop.ts'
import { app, BrowserWindow, machine, nativeTheme, restart, told } from './electron-stand-in.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

const DARK = {
  theme: 'dark',
  modelFolders: [],
  threads: null,
  showPreviews: true,
  batchGuidance: true,
  memoryUse: 'auto',
  promptStyle: 'a1111',
} as const

let paths: StudioPaths
let errors: string[]
let asked: [name: string, input: unknown][]
let closings: number
let studio: RunningStudio

function scriptedStudio(): RunningStudio {
  const events = createEvents()
  return {
    answer: (name, input) => {
      asked.push([name, input])
      const isBroken = name === 'models.addFolder' && String(input).includes('broken')
      const answer: Answer = isBroken
        ? { failure: { code: 'invalid-request', message: 'expected a folder of models, found none' } }
        : { ok: name === 'settings.get' ? DARK : null }
      return Promise.resolve(answer)
    },
    images: (request) => Promise.resolve(new URL(request.url).pathname === '/image/7' ? new Response('picture') : null),
    subscribe: events.subscribe,
    publish: events.publish,
    close: () => {
      closings += 1
      return Promise.resolve()
    },
  }
}

beforeEach(() => {
  restart()
  const home = mkdtempSync(join(tmpdir(), 'desktop-'))
  paths = { ...studioPaths({ LATENT_STUDIO_HOME: home }), rendererFolder: join(home, 'renderer') }
  mkdirSync(paths.rendererFolder)
  writeFileSync(join(paths.rendererFolder, 'index.html'), '<!doctype html>')
  errors = []
  asked = []
  closings = 0
  studio = scriptedStudio()
})
afterEach(() => {
  vi.unstubAllGlobals()
  rmSync(paths.data, { recursive: true, force: true })
})

function run(open: () => Promise<RunningStudio> = () => Promise.resolve(studio)): Promise<void> {
  const logger = { info: () => undefined, warn: () => undefined, error: (line: string) => void errors.push(line) }
  const running = runDesktop({ paths, logger, open })
  app.becomeReady()
  return running
}

function onlyWindow(): BrowserWindow {
  const [window, ...others] = BrowserWindow.all
  if (!window || others.length > 0) throw new Error(`expected one window, found ${BrowserWindow.all.length}`)
  return window
}

/** Lets promises that are already decided run their course. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('starting', () => {
  test('the window is sandboxed, isolated and shown when its page has painted', async () => {
    await run()
    const window = onlyWindow()
    expect(told.isSandboxForced).toBe(true)
    expect(window.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      preload: join(paths.appRoot, 'out', 'preload', 'preload.cjs'),
    })
    expect(window.url).toBe('studio://app/index.html')
    expect(window.isVisible).toBe(false)
    window.emit('ready-to-show')
    expect(window.isVisible).toBe(true)
  })

  test('the browser’s own files lie below the studio’s data, decided before the lock is asked for', async () => {
    await run()
    expect(told.paths.get('userData')).toBe(join(paths.data, 'window'))
  })

  test('a second application leaves the field to the first', async () => {
    machine.isFirstInstance = false
    await run()
    expect(told.hasQuit).toBe(true)
    expect(BrowserWindow.all).toEqual([])
  })

  test('a studio that is open in a browser is not opened twice', async () => {
    const { claim } = claimInstance(paths.instanceFile, 'browser')
    await run()
    expect(told.shown.join()).toContain('already running')
    expect(told.hasQuit).toBe(true)
    expect(BrowserWindow.all).toEqual([])
    claim?.release()
  })

  test('a studio that cannot be opened says why, quits and leaves its data to the next start', async () => {
    await run(() => Promise.reject(new Error('expected a database of version 3, found 9')))
    expect(told.shown).toEqual(['Latent Studio could not be opened: expected a database of version 3, found 9'])
    expect(told.hasQuit).toBe(true)
    expect(claimInstance(paths.instanceFile, 'desktop').claim).not.toBeNull()
  })
})

describe('the scheme', () => {
  const get = (url: string): Promise<Response> => {
    const handler = told.schemeHandlers.get('studio')
    if (!handler) throw new Error('expected the scheme to be served')
    return handler(new Request(url))
  }

  test('is an origin of its own, without a way around its policy', async () => {
    await run()
    expect(told.schemes).toEqual([
      {
        scheme: 'studio',
        privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
      },
    ])
  })

  test('serves page and pictures, all under the studio’s policy', async () => {
    await run()
    const page = await get('studio://app/')
    const picture = await get('studio://app/image/7')
    const nothing = await get('studio://app/image/8')
    expect([await page.text(), await picture.text(), nothing.status]).toEqual(['<!doctype html>', 'picture', 404])
    for (const response of [page, picture, nothing]) {
      expect(response.headers.get('Content-Security-Policy')).toBe(CONTENT_SECURITY_POLICY)
      expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
    }
  })

  test('has no other host', async () => {
    await run()
    expect((await get('studio://elsewhere/index.html')).status).toBe(404)
  })
})

describe('calls and events', () => {
  const own = { senderFrame: { url: 'studio://app/index.html', parent: null } }
  const call = (event: { senderFrame: { url: string; parent: null } | null }, message: unknown): Promise<unknown> => {
    const handler = told.callHandlers.get(CALL_CHANNEL)
    if (!handler) throw new Error('expected the channel to be bound')
    return handler(event, message)
  }

  test('one channel carries every call', async () => {
    await run()
    expect([...told.callHandlers.keys()]).toEqual([CALL_CHANNEL])
    expect(await call(own, { name: 'models.list', input: undefined })).toEqual({ ok: null })
    expect(asked.at(-1)).toEqual(['models.list', undefined])
  })

  test.each([
    ['a page from elsewhere', { senderFrame: { url: 'https://example.org/', parent: null } }],
    ['another host of the scheme', { senderFrame: { url: 'studio://evil/', parent: null } }],
    [
      'a frame inside the page',
      { senderFrame: { url: 'studio://app/', parent: { url: 'studio://app/', parent: null } } },
    ],
    ['a frame that is gone', { senderFrame: null }],
  ])('%s is refused with a failure', async (_sender, event) => {
    await run()
    asked = []
    expect(await call(event as typeof own, { name: 'models.list', input: undefined })).toMatchObject({
      failure: { code: 'invalid-request' },
    })
    expect(asked).toEqual([])
  })

  test('what is no call is told so', async () => {
    await run()
    expect(await call(own, 'models.list')).toMatchObject({ failure: { code: 'invalid-request' } })
  })

  test('events reach the window over the other channel', async () => {
    await run()
    const event: EventMessage = { name: 'gallery.changed', payload: { added: [], changed: [], removed: [] } }
    studio.publish(event)
    expect(onlyWindow().webContents.sent).toEqual([[EVENT_CHANNEL, event]])
  })

  test('the system’s menus and dialogs follow the studio’s theme', async () => {
    await run()
    expect(nativeTheme.themeSource).toBe('dark')
    studio.publish({ name: 'settings.changed', payload: { ...DARK, theme: 'light', modelFolders: [] } })
    expect(nativeTheme.themeSource).toBe('light')
  })
})

describe('a life', () => {
  test('the window opens where it was closed', async () => {
    await run()
    const window = onlyWindow()
    window.bounds = { x: 40, y: 50, width: 900, height: 700 }
    window.state.isMaximized = true
    window.close()
    expect(JSON.parse(readFileSync(join(paths.data, 'window.json'), 'utf8'))).toEqual({
      bounds: { x: 40, y: 50, width: 900, height: 700 },
      isMaximized: true,
      isFullScreen: false,
    })
    app.emit('activate')
    expect(onlyWindow().options).toMatchObject({ x: 40, y: 50, width: 900, height: 700 })
    onlyWindow().emit('ready-to-show')
    expect(onlyWindow().isMaximized()).toBe(true)
  })

  test.each([
    ['linux', true],
    ['win32', true],
    ['darwin', false],
  ] as const)('on %s closing the last window quits: %s', async (platform, isQuitting) => {
    vi.stubGlobal('process', Object.create(process, { platform: { value: platform } }))
    await run()
    onlyWindow().close()
    app.emit('window-all-closed')
    await settled()
    expect(told.hasQuit).toBe(isQuitting)
  })

  test('quitting closes the studio first, once, and frees its data', async () => {
    await run()
    app.quit()
    expect(told.hasQuit).toBe(false)
    await settled()
    expect(told.hasQuit).toBe(true)
    expect(closings).toBe(1)
    expect(claimInstance(paths.instanceFile, 'desktop').claim).not.toBeNull()
  })

  test('a second start brings the window to the front', async () => {
    await run()
    const window = onlyWindow()
    window.state.isMinimized = true
    app.emit('second-instance', {}, ['latent-studio'], '/')
    expect([window.isMinimized(), window.isVisible, window.hasFocus]).toEqual([false, true, true])
  })

  test('a page whose process dies is loaded again, once', async () => {
    await run()
    const { webContents } = onlyWindow()
    webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 11 })
    webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 11 })
    expect(webContents.reloads).toBe(1)
    expect(errors).toHaveLength(2)
  })
})

describe('an opened model file', () => {
  const opened = (): unknown[] => asked.filter(([name]) => name === 'models.addFolder').map(([, input]) => input)

  test('named before the application was ready is taken in after', async () => {
    const running = run()
    app.emit('open-file', { preventDefault: () => undefined }, '/models/one/fox.safetensors')
    await running
    expect(opened()).toEqual(['/models/one'])
  })

  test('named by a second start is found from where that one was started', async () => {
    await run()
    const home = join(paths.data, 'downloads')
    app.emit('second-instance', {}, ['latent-studio', '--flag', 'fox.SafeTensors', 'notes.txt'], home)
    expect(opened()).toEqual([home])
  })

  test('shows the room of models, in a page that is still loading once it has', async () => {
    await run()
    const { webContents } = onlyWindow()
    webContents.isBusy = true
    app.emit('open-file', { preventDefault: () => undefined }, '/models/one/fox.safetensors')
    await settled()
    expect(webContents.sent).toEqual([])
    webContents.emit('did-finish-load')
    expect(webContents.sent).toEqual([[EVENT_CHANNEL, { name: 'shell.command', payload: 'room:models' }]])
  })

  test('that cannot be taken in is told in a dialog', async () => {
    await run()
    app.emit('open-file', { preventDefault: () => undefined }, '/broken/fox.safetensors')
    await settled()
    expect(told.shown).toEqual(['This model cannot be opened: expected a folder of models, found none'])
  })
})
