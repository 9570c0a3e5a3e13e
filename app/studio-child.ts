import { fork } from 'node:child_process'
import type { ToStudio } from '../main/contract/studio.ts'
import { allocatorEnvironment } from '../main/runtime/allocator.ts'

export interface ChildExit {
  readonly code: number | null
  readonly signal: string | null
}

/** A running studio process as its host sees it; Node's and Electron's kinds of child both fit. */
export interface StudioChild {
  send(message: ToStudio): void
  /** Ends the process even while native code holds its only thread. */
  kill(): void
  onMessage(listener: (message: unknown) => void): void
  /** What the process prints, native libraries included. */
  onOutput(listener: (text: string) => void): void
  /** Called once, after the last output. */
  onExit(listener: (exit: ChildExit) => void): void
}

export type ForkStudio = (entry: string) => StudioChild

/** The studio process as a forked Node process: for the loopback shell, the command line and the tests. */
export const forkNode: ForkStudio = (entry) => {
  const child = fork(entry, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    env: { ...process.env, ...allocatorEnvironment },
  })
  let spawnError: Error | null = null
  child.on('error', (error) => {
    spawnError = error
  })
  return {
    send(message) {
      // A process that is gone answers with its exit, which the host hears; the send itself may fail unheard.
      child.send(message, () => undefined)
    },
    kill() {
      child.kill('SIGKILL')
    },
    onMessage(listener) {
      child.on('message', listener)
    },
    onOutput(listener) {
      child.stdout?.setEncoding('utf8').on('data', listener)
      child.stderr?.setEncoding('utf8').on('data', listener)
    },
    onExit(listener) {
      child.once('close', (code, signal) => {
        listener({ code: spawnError ? null : code, signal })
      })
    },
  }
}
