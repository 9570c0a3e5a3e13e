import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { calls, type CallInput, type CallName, type CallOutput } from '../../main/contract/calls.ts'
import { openStudio } from '../compose.ts'
import { studioPaths } from '../paths.ts'
import { desktopActions } from './actions.ts'
import { CALL_CHANNEL, EVENT_CHANNEL } from './channels.ts'
import { runDesktop } from './desktop.ts'
import { app, BrowserWindow, ipcRenderer, machine, restart, told, UtilityProcess } from './electron-stand-in.ts'
import { forkUtility } from './fork.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

// The whole desktop shell but Electron itself: the real studio, its database, its process, the built-in model.
const home = mkdtempSync(join(tmpdir(), 'whole-desktop-'))
const paths = studioPaths({ LATENT_STUDIO_HOME: home })
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

const request = {
  model: 'starter',
  prompt: 'a red apple',
  negativePrompt: '',
  seed: 7,
  steps: 2,
  guidanceScale: 4,
  widthPx: 128,
  heightPx: 128,
  sampler: 'ddim',
  schedule: 'normal',
  init: null,
} as const

beforeAll(async () => {
  restart()
  machine.hasRealProcesses = true
  const running = runDesktop({
    paths,
    logger,
    open: () => openStudio({ shell: 'desktop', paths, logger, fork: forkUtility, actions: desktopActions }),
  })
  app.becomeReady()
  await running
})
afterAll(async () => {
  app.quit()
  await vi.waitUntil(() => told.hasQuit, { timeout: 30_000 })
  rmSync(home, { recursive: true, force: true })
})

/** Asks as the page does; the answer is read with the contract's own schema. */
async function ask<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
  const answer = (await ipcRenderer.invoke(CALL_CHANNEL, { name, input })) as { ok: unknown }
  return calls[name].output.parse(answer.ok) as CallOutput<N>
}

function get(path: string, init?: RequestInit): Promise<Response> {
  const handler = told.schemeHandlers.get('studio')
  if (!handler) throw new Error('expected the scheme to be served')
  return handler(new Request(`studio://app${path}`, init))
}

/** What the window was told under that name, oldest first. */
function heard(name: string): unknown[] {
  const messages = BrowserWindow.all.flatMap(({ webContents }) => webContents.sent)
  return messages.flatMap(([channel, message]) => {
    const event = message as { name: string; payload: unknown }
    return channel === EVENT_CHANNEL && event.name === name ? [event.payload] : []
  })
}

async function makePicture(): Promise<string> {
  const before = heard('gallery.changed').length
  await ask('queue.enqueue', { request, count: 1 })
  await vi.waitUntil(() => heard('gallery.changed').length > before, { timeout: 60_000 })
  const [id] = await ask('gallery.ids', { text: '', starredOnly: false, order: 'newest' })
  if (id === undefined) throw new Error('expected a picture in the gallery')
  return id
}

test('the shell says what it is and what it can', async () => {
  expect(await ask('studio.info', undefined)).toMatchObject({
    shell: 'desktop',
    canChooseFolder: true,
    canRevealFile: true,
    dataFolder: home,
  })
})

test('a picture is made, previewed, served and can become the start of the next', { timeout: 90_000 }, async () => {
  const id = await makePicture()
  expect(heard('job.preview').length).toBeGreaterThan(0)
  const thumbnail = await get(`/image/${id}?size=thumb`)
  expect(thumbnail.headers.get('Content-Type')).toBe('image/webp')
  const picture = await (await get(`/image/${id}`)).arrayBuffer()
  const kept = await get('/input', { method: 'POST', body: picture })
  expect(await kept.json()).toMatchObject({ widthPx: 128, heightPx: 128 })
  await ask('gallery.reveal', id)
  expect(told.shown.at(-1)).toContain(home)
})

test(
  'the engine may die: the job says why, and the next picture is made by a new one',
  { timeout: 90_000 },
  async () => {
    const first = UtilityProcess.last
    const [job] = await ask('queue.enqueue', { request: { ...request, steps: 400 }, count: 1 })
    await vi.waitUntil(() => heard('job.preview').some((preview) => (preview as { jobId: string }).jobId === job), {
      timeout: 60_000,
    })
    process.kill(first?.pid ?? Number.NaN, 'SIGKILL')
    await vi.waitUntil(async () => (await ask('queue.list', undefined)).some(({ state }) => state === 'failed'), {
      timeout: 30_000,
    })
    const failed = (await ask('queue.list', undefined)).find(({ id }) => id === job)
    expect(failed?.failure).toMatchObject({ code: 'runtime-crashed' })
    await makePicture()
    expect(UtilityProcess.last).not.toBe(first)
  },
)
