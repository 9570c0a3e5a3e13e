import type { EventMessage } from '../main/contract/calls.ts'

export type EventListener = (event: EventMessage) => void

/** What the studio's parts tell, passed on to every window that listens. */
export interface Events {
  readonly publish: (event: EventMessage) => void
  /** Returns the function that ends the subscription. */
  readonly subscribe: (listener: EventListener) => () => void
}

export function createEvents(): Events {
  const listeners = new Set<EventListener>()
  return {
    publish(event) {
      for (const listener of listeners) listener(event)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
