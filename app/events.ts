import type { EventMessage, EventName, EventPayload } from '../main/contract/calls.ts'

export type EventListener = (event: EventMessage) => void

/** What the studio's parts tell, passed on to every window that listens. */
export interface Events {
  readonly publish: (event: EventMessage) => void
  /** The callback that tells an event of this name. */
  readonly tell: <N extends EventName>(name: N) => (payload: EventPayload<N>) => void
  /** Returns the function that ends the subscription. */
  readonly subscribe: (listener: EventListener) => () => void
}

export function createEvents(): Events {
  const listeners = new Set<EventListener>()
  const publish = (event: EventMessage): void => {
    for (const listener of listeners) listener(event)
  }
  return {
    publish,
    tell: (name) => (payload) => {
      // The compiler knows name and payload to fit each other, not that each such pair is one of the union.
      publish({ name, payload } as EventMessage)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
