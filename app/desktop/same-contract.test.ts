import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { calls, type EventMessage } from '../../main/contract/calls.ts'
import { createEvents } from '../events.ts'
import { serveLoopback, type Loopback } from '../loopback/server.ts'
import { EVENT_CHANNEL } from './channels.ts'
import { ipcRenderer, told } from './electron-stand-in.ts'
import { bindCalls } from './ipc.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

interface Window {
  call(message: { name: string; input: unknown }): Promise<unknown>
  subscribe(listener: (message: unknown) => void): () => void
}

// Both shells over one answering side that repeats what it was asked.
const answer = (name: string, input: unknown): Promise<{ ok: unknown }> => Promise.resolve({ ok: { name, input } })
const events = createEvents()
let loopback: Loopback
let socket: WebSocket
let rendererFolder: string

beforeAll(async () => {
  bindCalls(answer)
  await import('./preload.ts')
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const studio = { answer, images: () => Promise.resolve(null), subscribe: events.subscribe }
  rendererFolder = await mkdtemp(join(tmpdir(), 'latent-studio-page-'))
  loopback = await serveLoopback({ studio, rendererFolder, port: 0, logger })
  socket = await connect(loopback)
})
afterAll(async () => {
  await loopback.close()
  await rm(rendererFolder, { recursive: true })
})
beforeEach(() => {
  socket.removeAllListeners('message')
})

async function connect({ port, ...server }: Loopback): Promise<WebSocket> {
  const admitted = await fetch(server.newLink(), { redirect: 'manual' })
  const cookie = admitted.headers.get('set-cookie')?.split(';')[0] ?? ''
  const opened = new WebSocket(`ws://127.0.0.1:${port}/socket`, {
    headers: { cookie, origin: `http://127.0.0.1:${port}` },
  })
  await once(opened, 'open')
  return opened
}

/** The desktop shell's window, as its preload script shows it to the page. */
function desktopWindow(): Window {
  return told.exposed.get('studio') as Window
}

async function askLoopback(message: { name: string; input: unknown }): Promise<unknown> {
  socket.send(JSON.stringify({ id: 1, ...message }))
  const [data] = (await once(socket, 'message')) as [Buffer]
  const { id: _id, ...reply } = JSON.parse(data.toString()) as { id: number }
  return reply
}

test.each(Object.keys(calls))('both shells carry the call %s', async (name) => {
  const message = { name, input: { some: 'input' } }
  const reply = { ok: message }
  expect(await desktopWindow().call(message)).toEqual(reply)
  expect(await askLoopback(message)).toEqual(reply)
})

test('both shells carry events until the page has heard enough', async () => {
  const event: EventMessage = { name: 'shell.command', payload: 'generate' }
  const heard: unknown[] = []
  const unsubscribe = desktopWindow().subscribe((message) => heard.push(message))
  ipcRenderer.emit(EVENT_CHANNEL, {}, event)
  unsubscribe()
  ipcRenderer.emit(EVENT_CHANNEL, {}, event)
  expect(heard).toEqual([event])

  const received = once(socket, 'message') as Promise<[Buffer]>
  events.publish(event)
  expect(JSON.parse((await received)[0].toString())).toEqual(event)
})

test('a page in the desktop shell is given two functions and nothing else', () => {
  expect([...told.exposed.keys()]).toEqual(['studio'])
  expect(Object.keys(desktopWindow())).toEqual(['call', 'subscribe'])
})
