/**
 * A small Electron for tests: it keeps what the shell registers and lets a test play the system, the windows and their
 * pages. Use with `vi.mock('electron', () => import('./electron-stand-in.ts'))`.
 */
import { fork, type ChildProcess, type Serializable } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'

interface Frame {
  url: string
  parent: Frame | null
}
interface CallEvent {
  senderFrame: Frame | null
}
type Permission = (contents: unknown, permission: string) => boolean

/** What the shell told Electron so far. */
export const told = {
  schemes: [] as unknown[],
  schemeHandlers: new Map<string, (request: Request) => Promise<Response>>(),
  callHandlers: new Map<string, (event: CallEvent, message: unknown) => Promise<unknown>>(),
  menu: null as unknown,
  paths: new Map<string, string>(),
  shown: [] as string[],
  opened: [] as string[],
  trashed: [] as string[],
  exposed: new Map<string, unknown>(),
  permissionCheck: null as Permission | null,
  permissionRequest: null as ((contents: unknown, permission: string, callback: (is: boolean) => void) => void) | null,
  isSandboxForced: false,
  hasQuit: false,
}

/** What the test makes of the machine. */
export const machine = {
  isFirstInstance: true,
  chosenFolder: null as string | null,
  hasRealProcesses: false,
  displays: [{ id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1040 } }],
}

/** Sends an event that its listeners may object to, and tells whether one did. */
function isPrevented(emitter: EventEmitter, name: string, details: object): boolean {
  const event = { ...details, defaultPrevented: false, preventDefault: () => (event.defaultPrevented = true) }
  emitter.emit(name, event)
  return event.defaultPrevented
}

let ready = Promise.withResolvers<undefined>()
let isReady = false

/** Electron has things that must be said before it is ready, and others that cannot be had until it is. */
function requireReady(is: boolean, what: string): void {
  if (isReady !== is) throw new Error(`${what} ${is ? 'before' : 'after'} the application was ready`)
}

class App extends EventEmitter {
  readonly isPackaged = false

  requestSingleInstanceLock(): boolean {
    return machine.isFirstInstance
  }
  whenReady(): Promise<undefined> {
    return ready.promise
  }
  becomeReady(): void {
    isReady = true
    ready.resolve(undefined)
  }
  enableSandbox(): void {
    requireReady(false, 'enableSandbox')
    told.isSandboxForced = true
  }
  setPath(name: string, path: string): void {
    requireReady(false, 'setPath')
    if (!existsSync(path)) throw new Error(`Failed to set path: ${path} does not exist`)
    told.paths.set(name, path)
  }
  setName(): void {
    // Shown by the system only.
  }
  setAboutPanelOptions(): void {
    // Shown by the system only.
  }
  /** As Electron does: closes the windows, asks `will-quit`, and quits unless somebody objects. */
  quit(): void {
    for (const window of BrowserWindow.all) window.close()
    told.hasQuit = !isPrevented(this, 'will-quit', {})
  }
}
export const app = new App()

export class WebContents extends EventEmitter {
  readonly sent: [channel: string, message: unknown][] = []
  isBusy = false
  reloads = 0
  openHandler: ((details: { url: string }) => { action: string }) | null = null

  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler
  }
  isLoading(): boolean {
    return this.isBusy
  }
  reload(): void {
    this.reloads += 1
  }
  send(channel: string, message: unknown): void {
    this.sent.push([channel, message])
  }
  /** True when the page may go to `url`. */
  mayGo(event: 'will-frame-navigate' | 'will-redirect', url: string): boolean {
    return !isPrevented(this, event, { url })
  }
}

export class BrowserWindow extends EventEmitter {
  static all: BrowserWindow[] = []
  readonly options: Record<string, unknown> & { webPreferences: Record<string, unknown> }
  readonly webContents = new WebContents()
  url = ''
  isVisible = false
  hasFocus = false
  bounds: unknown
  state = { isMaximized: false, isFullScreen: false, isMinimized: false }

  constructor(options: BrowserWindow['options']) {
    super()
    requireReady(true, 'BrowserWindow')
    this.options = options
    const { x, y, width, height } = options
    this.bounds = { x, y, width, height }
    BrowserWindow.all.push(this)
    app.emit('web-contents-created', {}, this.webContents)
  }
  static getAllWindows(): BrowserWindow[] {
    return BrowserWindow.all
  }
  static getFocusedWindow(): BrowserWindow | null {
    return BrowserWindow.all.find(({ hasFocus }) => hasFocus) ?? null
  }
  loadURL(url: string): Promise<void> {
    this.url = url
    return Promise.resolve()
  }
  show(): void {
    this.isVisible = true
  }
  focus(): void {
    this.hasFocus = true
  }
  restore(): void {
    this.state.isMinimized = false
  }
  maximize(): void {
    this.state.isMaximized = true
  }
  setFullScreen(is: boolean): void {
    this.state.isFullScreen = is
  }
  isMaximized(): boolean {
    return this.state.isMaximized
  }
  isFullScreen(): boolean {
    return this.state.isFullScreen
  }
  isMinimized(): boolean {
    return this.state.isMinimized
  }
  getNormalBounds(): unknown {
    return this.bounds
  }
  /** The user closes it. */
  close(): void {
    this.emit('close')
    BrowserWindow.all = BrowserWindow.all.filter((window) => window !== this)
    this.emit('closed')
  }
}

export const ipcMain = {
  handle(channel: string, handler: (event: CallEvent, message: unknown) => Promise<unknown>): void {
    told.callHandlers.set(channel, handler)
  },
}

/** The page's side of the channels, in the same process. */
export const ipcRenderer = Object.assign(new EventEmitter(), {
  invoke: (channel: string, message: unknown): Promise<unknown> => {
    const handler = told.callHandlers.get(channel)
    if (!handler) return Promise.reject(new Error(`no handler for ${channel}`))
    return handler({ senderFrame: { url: 'studio://app/index.html', parent: null } }, message)
  },
})

export const contextBridge = {
  exposeInMainWorld(name: string, value: unknown): void {
    told.exposed.set(name, value)
  },
}

export const protocol = {
  registerSchemesAsPrivileged(schemes: unknown[]): void {
    requireReady(false, 'registerSchemesAsPrivileged')
    told.schemes.push(...schemes)
  },
  handle(scheme: string, handler: (request: Request) => Promise<Response>): void {
    requireReady(true, 'protocol.handle')
    told.schemeHandlers.set(scheme, handler)
  },
}

const defaultSession = {
  setPermissionCheckHandler(handler: Permission): void {
    told.permissionCheck = handler
  },
  setPermissionRequestHandler(handler: NonNullable<(typeof told)['permissionRequest']>): void {
    told.permissionRequest = handler
  },
  setDevicePermissionHandler(): void {
    // No device is offered in tests.
  },
}
export const session = {
  get defaultSession(): typeof defaultSession {
    requireReady(true, 'session.defaultSession')
    return defaultSession
  },
}

export const screen = {
  getPrimaryDisplay: (): unknown => {
    requireReady(true, 'screen')
    return machine.displays[0]
  },
  getAllDisplays: (): unknown[] => machine.displays,
}

export const nativeTheme = { shouldUseDarkColors: true, themeSource: 'system' }

export const dialog = {
  showOpenDialog: (): Promise<{ canceled: boolean; filePaths: string[] }> =>
    Promise.resolve({
      canceled: machine.chosenFolder === null,
      filePaths: machine.chosenFolder === null ? [] : [machine.chosenFolder],
    }),
  showErrorBox(title: string, content: string): void {
    told.shown.push(`${title}: ${content}`)
  },
}

export const shell = {
  showItemInFolder(path: string): void {
    told.shown.push(path)
  },
  trashItem(path: string): Promise<void> {
    told.trashed.push(path)
    return Promise.resolve()
  },
  openPath(path: string): Promise<string> {
    told.opened.push(path)
    return Promise.resolve(path.includes('missing') ? 'no such folder' : '')
  },
}

export const Menu = {
  buildFromTemplate: (template: unknown): unknown => template,
  setApplicationMenu(menu: unknown): void {
    told.menu = menu
  },
}

/** A child as Electron's utility process shows it; a process of Node's plays it where the test wants a real one. */
export class UtilityProcess extends EventEmitter {
  static last: UtilityProcess | null = null
  stdout: EventEmitter | null = new EventEmitter()
  stderr: EventEmitter | null = new EventEmitter()
  readonly posted: unknown[] = []
  readonly entry: string
  readonly options: unknown
  pid: number | undefined = undefined
  isAskedToEnd = false
  #player: ChildProcess | null = null

  constructor(entry: string, options: unknown) {
    super()
    this.entry = entry
    this.options = options
    UtilityProcess.last = this
    if (machine.hasRealProcesses) this.#play()
  }
  postMessage(message: unknown): void {
    this.posted.push(message)
    this.#player?.send(message as Serializable, () => undefined)
  }
  kill(): boolean {
    this.isAskedToEnd = true
    return true
  }
  #play(): void {
    const player = fork(this.entry, [], { serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.#player = player
    this.pid = player.pid
    this.stdout = player.stdout
    this.stderr = player.stderr
    player.on('message', (message) => this.emit('message', message))
    player.on('exit', (code, signal) => this.emit('exit', signal === null ? code : constants.signals[signal]))
  }
}
export const utilityProcess = {
  fork: (entry: string, _args: string[], options: unknown): UtilityProcess => new UtilityProcess(entry, options),
}

/** Forgets everything, for the next test. */
export function restart(): void {
  Object.assign(told, {
    schemes: [],
    menu: null,
    shown: [],
    opened: [],
    trashed: [],
    isSandboxForced: false,
    hasQuit: false,
  })
  told.schemeHandlers.clear()
  told.callHandlers.clear()
  told.paths.clear()
  Object.assign(machine, { isFirstInstance: true, chosenFolder: null, hasRealProcesses: false })
  machine.displays = [{ id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1040 } }]
  BrowserWindow.all = []
  nativeTheme.themeSource = 'system'
  app.removeAllListeners()
  ready = Promise.withResolvers<undefined>()
  isReady = false
}
