import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { socketTransport } from './socket.ts'

/** A WebSocket whose other end is the test. */
class ScriptedSocket extends EventTarget {
  static readonly made: ScriptedSocket[] = []
  readonly address: string
  readonly sent: string[] = []

  constructor(address: string | URL) {
    super()
    this.address = String(address)
    ScriptedSocket.made.push(this)
  }

  send(text: string): void {
    this.sent.push(text)
  }

  open(): void {
    this.dispatchEvent(new Event('open'))
  }

  close(): void {
    this.dispatchEvent(new Event('close'))
  }

  receive(message: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }))
  }
}

beforeEach(() => {
  ScriptedSocket.made.length = 0
  vi.stubGlobal('WebSocket', ScriptedSocket)
  vi.useFakeTimers()
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

function connect() {
  const transport = socketTransport(new URL('http://127.0.0.1:4000/socket'))
  const [socket] = ScriptedSocket.made
  if (!socket) throw new Error('expected a socket to be opened')
  return { transport, socket }
}

test('a call waits for the connection and gets the answer with its number', async () => {
  const { transport, socket } = connect()
  expect(socket.address).toBe('ws://127.0.0.1:4000/socket')
  const first = transport.call({ name: 'queue.list', input: undefined })
  const second = transport.call({ name: 'models.list', input: undefined })
  expect(socket.sent).toEqual([])
  socket.open()
  expect(socket.sent.map((text) => JSON.parse(text) as unknown)).toEqual([
    { id: 1, name: 'queue.list' },
    { id: 2, name: 'models.list' },
  ])
  socket.receive({ id: 2, ok: ['b'] })
  socket.receive({ id: 1, ok: ['a'] })
  expect(await first).toMatchObject({ ok: ['a'] })
  expect(await second).toMatchObject({ ok: ['b'] })
})

test('events go to every listener until it leaves', () => {
  const { transport, socket } = connect()
  const heard: unknown[] = []
  const leave = transport.subscribe((message) => heard.push(message))
  const message = { name: 'shell.command', payload: 'generate' }
  socket.receive(message)
  leave()
  socket.receive(message)
  expect(heard).toEqual([message])
})

test('a lost connection fails what was under way, says so, and is made again', async () => {
  const { transport, socket } = connect()
  const connections: boolean[] = []
  transport.watchConnection?.((isConnected) => connections.push(isConnected))
  socket.open()
  const lost = transport.call({ name: 'queue.list', input: undefined })
  socket.close()
  await expect(lost).rejects.toThrow('The connection to the studio closed before it answered.')
  const waiting = transport.call({ name: 'queue.list', input: undefined })
  vi.advanceTimersByTime(250)
  const again = ScriptedSocket.made[1]
  again?.open()
  again?.receive({ id: 2, ok: [] })
  expect(await waiting).toMatchObject({ ok: [] })
  expect(connections).toEqual([true, false, true])
})
