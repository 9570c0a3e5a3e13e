import type { CallName, EventMessage } from '../main/contract/calls.ts'
import { StudioError } from '../main/contract/failure.ts'
import type { Answer, Transport } from './api.ts'

const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 4000

interface Pending {
  resolve(answer: Answer): void
  reject(error: unknown): void
}

type Received = { id: number } & Answer

/**
 * The loopback shell's transport. It connects at once and again whenever the socket closes; calls made
 * meanwhile wait for the connection, calls that were under way when it closed fail.
 */
export function socketTransport(address: URL): Transport {
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  const listeners = new Set<(message: EventMessage) => void>()
  const watchers = new Set<(isConnected: boolean) => void>()
  const pending = new Map<number, Pending>()
  let unsent: string[] = []
  let socket: WebSocket | undefined
  let lastId = 0
  let retryMs = FIRST_RETRY_MS

  function connect(): void {
    const next = new WebSocket(address)
    next.addEventListener('open', () => {
      socket = next
      retryMs = FIRST_RETRY_MS
      for (const text of unsent) next.send(text)
      unsent = []
      for (const watch of watchers) watch(true)
    })
    next.addEventListener('message', (event) => {
      receive(JSON.parse(String(event.data)) as Received | EventMessage)
    })
    next.addEventListener('close', () => {
      if (socket === next) lose()
      setTimeout(connect, retryMs)
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
    })
  }

  function receive(message: Received | EventMessage): void {
    if ('name' in message) {
      for (const listen of listeners) listen(message)
      return
    }
    pending.get(message.id)?.resolve(message)
    pending.delete(message.id)
  }

  function lose(): void {
    socket = undefined
    for (const watch of watchers) watch(false)
    const error = new StudioError(
      'runtime-crashed',
      'The connection to the studio closed before it answered. Try again.',
    )
    for (const call of pending.values()) call.reject(error)
    pending.clear()
  }

  function call(message: { name: CallName; input: unknown }): Promise<Answer> {
    lastId += 1
    const id = lastId
    const text = JSON.stringify({ id, ...message })
    const answer = new Promise<Answer>((resolve, reject) => pending.set(id, { resolve, reject }))
    if (socket) socket.send(text)
    else unsent.push(text)
    return answer
  }

  connect()
  return {
    call,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    watchConnection(listener) {
      watchers.add(listener)
    },
  }
}
