import { EventEmitter } from 'node:events'

/**
 * A small Electron for tests: it records what the shell asks of it and lets a test play the system and the windows.
 * Use with `vi.mock('electron', () => import('./electron-stand-in.ts'))`.
 */

type Handler = (...args: never[]) => unknown

class App extends EventEmitter {
  isPackaged = false
  isFirst = true
  hasQuit = false
  exitCode: number | null = null
  name = 'Latent Studio'
  about: unknown = null
  readonly #ready = Promise.withResolvers<undefined>()

  requestSingleInstanceLock(): boolean {
    return this.isFirst
  }
  whenReady(): Promise<undefined> {
    return this.#ready.promise
  }
  becomeReady(): void {
    this.#ready.resolve(undefined)
  }
  quit(): void {
    this.hasQuit = true
    this.emit('before-quit', { preventDefault: () => undefined })
  }
  exit(code = 0): void {
    this.exitCode = code
  }
  setName(name: string): void {
    this.name = name
  }
  setAppUserModelId(): void {
    // Windows only.
  }
  setAboutPanelOptions(options: unknown): void {
    this.about = options
  }
}
