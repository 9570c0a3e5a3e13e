import { app, dialog, Menu, nativeTheme, type BrowserWindow } from 'electron'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { EventMessage } from '../../main/contract/calls.ts'
import { StudioError, type Logger } from '../../main/contract/failure.ts'
import { Settings } from '../../main/contract/settings.ts'
import type { RunningStudio } from '../compose.ts'
import { claimInstance, type Claim } from '../instance.ts'
import { studioVersion, type StudioPaths } from '../paths.ts'
import { desktopActions } from './actions.ts'
import { guardPages } from './guard.ts'
import { bindCalls, broadcast } from './ipc.ts'
import { menuTemplate } from './menu.ts'
import { modelFilesIn } from './opened-files.ts'
import { createPages } from './pages.ts'
import { ORIGIN, registerScheme, serveScheme } from './protocol.ts'
import { openWindow, raise } from './window.ts'

interface DesktopOptions {
  readonly paths: StudioPaths
  readonly logger: Logger
  /** Opens the studio behind the window. @throws with a sentence for the user when it cannot be opened */
  readonly open: () => Promise<RunningStudio>
}

/** A page whose process ended is loaded again, but not one that ends as soon as it has begun. */
const RELOAD_PAUSE_MS = 10_000

/** The desktop application, from its first moment to its last. Resolves when the window is on its way. */
export async function runDesktop({ paths, logger, open }: DesktopOptions): Promise<void> {
  // The browser's own files go below the studio's data; the single-instance lock lies among them.
  const userData = join(paths.data, 'window')
  mkdirSync(userData, { recursive: true })
  app.setPath('userData', userData)
  app.enableSandbox()
  registerScheme()
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return
  }
  const early: string[] = modelFilesIn(process.argv.slice(1), process.cwd())
  let openModelFile = (file: string): void => {
    early.push(file)
  }
  // macOS names opened files before the application is ready, the others on the command line.
  app.on('open-file', (event, file) => {
    event.preventDefault()
    openModelFile(file)
  })
  await app.whenReady()
  const desktop = await Desktop.open({ paths, logger, open })
  if (!desktop) return
  openModelFile = (file) => desktop.openModelFile(file)
  app.on('second-instance', (_event, argv, workingDirectory) => {
    desktop.show()
    for (const file of modelFilesIn(argv.slice(1), workingDirectory)) desktop.openModelFile(file)
  })
  desktop.show()
  for (const file of early) desktop.openModelFile(file)
}

/** The open studio and its one window, which on macOS may be closed while the application goes on. */
class Desktop {
  readonly #options: DesktopOptions
  readonly #studio: RunningStudio
  readonly #claim: Claim
  #window: BrowserWindow | null = null
  #hasClosed = false

  private constructor(options: DesktopOptions, studio: RunningStudio, claim: Claim) {
    this.#options = options
    this.#studio = studio
    this.#claim = claim
  }

  /** Opens the studio and everything its pages need; null, after telling the user, when that is not possible. */
  static async open(options: DesktopOptions): Promise<Desktop | null> {
    const { paths, logger } = options
    let claim: Claim | null = null
    try {
      claim = claimData(paths)
      const studio = await options.open()
      const desktop = new Desktop(options, studio, claim)
      const pages = createPages(paths.rendererFolder)
      guardPages()
      bindCalls(studio.answer)
      serveScheme(async (request) => (await studio.images(request)) ?? (await pages(request)))
      studio.subscribe((event) => desktop.#hear(event))
      await desktop.#followTheme()
      desktop.#bindSystem()
      return desktop
    } catch (error) {
      logger.error('The studio could not be opened', error)
      dialog.showErrorBox('Latent Studio could not be opened', error instanceof Error ? error.message : String(error))
      claim?.release()
      app.quit()
      return null
    }
  }

  /** Brings the window to the front, opening it first where there is none. */
  show(): void {
    if (this.#window) {
      raise(this.#window)
      return
    }
    const { paths, logger } = this.#options
    const window = openWindow({
      stateFile: join(paths.data, 'window.json'),
      preload: join(paths.appRoot, 'out', 'preload', 'preload.cjs'),
      icon: join(paths.resources, 'icons', 'icon.png'),
    })
    this.#window = window
    window.on('closed', () => {
      this.#window = null
    })
    this.#keepAlive(window)
    window.loadURL(`${ORIGIN}/index.html`).catch((error: unknown) => {
      logger.error('The window could not load its page', error)
    })
  }

  /** Takes the folder of a model file that the user opened into the library and shows the room of models. */
  openModelFile(file: string): void {
    void this.#studio.answer('models.addFolder', dirname(file)).then((answer) => {
      if ('failure' in answer) dialog.showErrorBox('This model cannot be opened', answer.failure.message)
      else this.#command('room:models')
    })
  }

  #hear(event: EventMessage): void {
    if (event.name === 'settings.changed') nativeTheme.themeSource = event.payload.theme
    broadcast(event)
  }

  /** Menus and dialogs of the system go with the studio's theme. */
  async #followTheme(): Promise<void> {
    const answer = await this.#studio.answer('settings.get', undefined)
    if ('ok' in answer) nativeTheme.themeSource = Settings.parse(answer.ok).theme
  }

  #bindSystem(): void {
    const { paths, logger } = this.#options
    app.setAboutPanelOptions({
      applicationName: 'Latent Studio',
      applicationVersion: studioVersion(paths.appRoot),
      copyright: 'Copyright © 2026 The Latent Studio authors. MIT License.',
      iconPath: join(paths.resources, 'icons', 'icon.png'),
    })
    const template = menuTemplate({
      platform: process.platform,
      isPackaged: app.isPackaged,
      send: (command) => this.#command(command),
      openLogs: () => {
        desktopActions.openFolder(paths.logs).catch((error: unknown) => {
          logger.error('The log folder could not be opened', error)
        })
      },
    })
    Menu.setApplicationMenu(Menu.buildFromTemplate(template))
    app.on('activate', () => this.show())
    app.on('window-all-closed', () => {
      if (process.platform !== 'darwin') app.quit()
    })
    app.on('will-quit', (event) => {
      if (this.#hasClosed) return
      event.preventDefault()
      void this.#close()
    })
  }

  async #close(): Promise<void> {
    try {
      await this.#studio.close()
    } catch (error) {
      this.#options.logger.error('The studio did not close cleanly', error)
    }
    this.#claim.release()
    this.#hasClosed = true
    app.quit()
  }

  /** Tells the window's page a command, once it can hear. */
  #command(name: string): void {
    this.show()
    const contents = this.#window?.webContents
    const send = (): void => {
      this.#studio.publish({ name: 'shell.command', payload: name })
    }
    if (contents?.isLoading()) contents.once('did-finish-load', send)
    else send()
  }

  #keepAlive(window: BrowserWindow): void {
    let reloadedAt = Number.NEGATIVE_INFINITY
    window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      if (reason === 'clean-exit') return
      this.#options.logger.error(`The window’s page ended: ${reason}, exit code ${exitCode}`)
      if (performance.now() - reloadedAt < RELOAD_PAUSE_MS) return
      reloadedAt = performance.now()
      window.webContents.reload()
    })
  }
}

// The lock above is among windows; this one also knows the studio in a browser.
function claimData(paths: StudioPaths): Claim {
  const { claim, owner } = claimInstance(paths.instanceFile, 'desktop')
  if (claim) return claim
  const where = owner.shell === 'browser' ? 'It is open in a browser: end it there first.' : 'Its window is open.'
  throw new StudioError('internal', `Latent Studio is already running over ${paths.data}. ${where}`)
}
