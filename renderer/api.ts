import type { Api, CallName, EventMessage } from '../main/contract/calls.ts'
import { StudioError, type Failure } from '../main/contract/failure.ts'
import { socketTransport } from './socket.ts'

export type Answer = { ok: unknown } | { failure: Failure }

/** What both shells offer the window: ask, and be told. */
export interface Transport {
  call(message: { name: CallName; input: unknown }): Promise<Answer>
  /** Returns the function that ends the subscription. */
  subscribe(listener: (message: EventMessage) => void): () => void
  /** Told when the studio goes away and when it is back; a shell that cannot lose it leaves this out. */
  watchConnection?(listener: (isConnected: boolean) => void): void
}

declare global {
  interface Window {
    /** Put there by the desktop shell's preload script. */
    readonly studio?: Transport
  }
}

/** The way to the studio in this shell: the desktop's preload script, or a WebSocket to the loopback server. */
export function shellTransport(): Transport {
  return window.studio ?? socketTransport(new URL('/socket', window.location.href))
}

/**
 * The contract's calls as functions. A failure arrives as a `StudioError` whose `field` names the input at fault
 * and whose `cause` is the text for a details fold.
 */
export function createApi(transport: Transport): Api {
  return new Proxy({} as Api, {
    get: (_, name) => (input: unknown) => ask(transport, name as CallName, input),
  })
}

async function ask(transport: Transport, name: CallName, input: unknown): Promise<unknown> {
  const answer = await transport.call({ name, input })
  // An answer without a value has lost its `ok` in JSON, so the failure is what is asked for.
  if (!('failure' in answer)) return answer.ok
  const { code, message, field, details } = answer.failure
  throw new StudioError(code, message, {
    ...(field === undefined ? {} : { field }),
    ...(details === undefined ? {} : { cause: details }),
  })
}

/** Where a gallery picture's pixels are. */
export function pictureUrl(id: string, size: 'full' | 'thumb' = 'full'): string {
  return size === 'thumb' ? `/image/${id}?size=thumb` : `/image/${id}`
}

/** Where an input picture's pixels are. */
export function inputUrl(id: string): string {
  return `/input/${id}`
}

/** Where the picture of a model or part is. */
export function modelPictureUrl(id: string): string {
  return `/model-thumbnail/${encodeURIComponent(id)}`
}
