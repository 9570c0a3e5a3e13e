import { utilityProcess } from 'electron'
import { constants } from 'node:os'
import type { ForkStudio } from '../studio-child.ts'

/** The studio process as one of Electron's utility processes. */
export const forkUtility: ForkStudio = (entry) => {
  const child = utilityProcess.fork(entry, [], { serviceName: 'Latent Studio engine', stdio: 'pipe' })
  return {
    send(message) {
      child.postMessage(message)
    },
    kill() {
      // Electron's own kill asks politely, and native code that holds the only thread does not hear it.
      if (child.pid === undefined || !killNow(child.pid)) child.kill()
    },
    onMessage(listener) {
      child.on('message', listener)
    },
    onOutput(listener) {
      child.stdout?.on('data', (chunk: Buffer) => listener(chunk.toString()))
      child.stderr?.on('data', (chunk: Buffer) => listener(chunk.toString()))
    },
    onExit(listener) {
      child.once('exit', (status) => listener(describeStatus(status, process.platform)))
    },
  }
}

function killNow(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

const { signals } = constants
const FATAL = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGKILL', 'SIGSEGV', 'SIGTERM'] as const

/**
 * Where a process died by a signal, Electron tells the raw wait status on POSIX systems: the signal in the low seven
 * bits, and 0x80 for a core dump. The studio process itself exits with 0 or 1 only.
 */
export function describeStatus(
  status: number,
  platform: NodeJS.Platform,
): { code: number | null; signal: string | null } {
  const name = platform === 'win32' ? undefined : FATAL.find((signal) => signals[signal] === (status & 0x7f))
  return name === undefined || status > 0xff ? { code: status, signal: null } : { code: null, signal: name }
}
