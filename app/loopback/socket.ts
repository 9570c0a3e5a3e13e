import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import * as z from 'zod'
import { CallMessage, type EventMessage } from '../../main/contract/calls.ts'
import type { Answer, AnswerCall } from '../ipc.ts'

// JSON has no undefined: a call without input comes without the field.
const SocketCall = CallMessage.extend({ id: z.int(), input: z.unknown().optional() })

const MESSAGE_LIMIT_BYTES = 1024 ** 2
/** A page that falls this far behind misses previews, which the next one replaces anyway. */
const BACKLOG_BYTES = 4 * 1024 ** 2

export interface SocketService {
  /** Takes over a connection whose request was let in. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): void
}

/** Calls and events over WebSockets: `{id, name, input}` is answered by `{id, ok}` or `{id, failure}`, events come unasked. */
export function createSocketService(
  answer: AnswerCall,
  subscribe: (listener: (event: EventMessage) => void) => () => void,
): SocketService {
  const server = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_LIMIT_BYTES })
  const unsubscribe = subscribe((event) => {
    const text = JSON.stringify(event)
    for (const client of server.clients) {
      if (event.name === 'job.preview' && client.bufferedAmount > BACKLOG_BYTES) continue
      send(client, text)
    }
  })
  server.on('connection', (client: WebSocket) => {
    // A broken frame closes that connection and nothing else.
    client.on('error', () => {
      client.terminate()
    })
    client.on('message', (data) => {
      void reply(client, data, answer)
    })
  })
  return {
    accept(request, socket, head) {
      server.handleUpgrade(request, socket, head, (client) => {
        server.emit('connection', client, request)
      })
    },
    close() {
      unsubscribe()
      for (const client of server.clients) client.terminate()
      server.close()
    },
  }
}

async function reply(client: WebSocket, data: RawData, answer: AnswerCall): Promise<void> {
  const call = SocketCall.safeParse(readJson(data))
  if (!call.success) {
    client.close(1008, 'expected {id, name, input}')
    return
  }
  const { id, name, input } = call.data
  const result: Answer = await answer(name, input)
  send(client, JSON.stringify({ id, ...result }))
}

function send(client: WebSocket, text: string): void {
  if (client.readyState === client.OPEN) client.send(text)
}

function readJson(data: RawData): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(data) ? data.toString('utf8') : '')
  } catch {
    return undefined
  }
}
