import { BrowserWindow, nativeTheme, screen } from 'electron'
import { MINIMUM, reachableBounds, readWindowState, writeWindowState } from './window-state.ts'

interface WindowOptions {
  /** Where its place is remembered. */
  stateFile: string
  preload: string
  icon: string
}

/** The studio's window where it was last, still empty; it shows once a page has painted. */
export function openWindow({ stateFile, preload, icon }: WindowOptions): BrowserWindow {
  const state = readWindowState(stateFile)
  const primary = screen.getPrimaryDisplay()
  const others = screen.getAllDisplays().filter(({ id }) => id !== primary.id)
  const window = new BrowserWindow({
    ...reachableBounds(
      state?.bounds,
      [primary, ...others].map(({ workArea }) => workArea),
    ),
    minWidth: MINIMUM.width,
    minHeight: MINIMUM.height,
    show: false,
    title: 'Latent Studio',
    icon,
    // What shows for the moment before the page's own colours.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#17181b' : '#f7f7f8',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      // Chromium's spell checker downloads its dictionaries.
      spellcheck: process.platform === 'darwin',
    },
  })
  window.once('ready-to-show', () => {
    if (state?.isMaximized) window.maximize()
    if (state?.isFullScreen) window.setFullScreen(true)
    window.show()
  })
  window.on('close', () => {
    writeWindowState(stateFile, {
      bounds: window.getNormalBounds(),
      isMaximized: window.isMaximized(),
      isFullScreen: window.isFullScreen(),
    })
  })
  return window
}

/** Brings the window to the front, whatever it was doing. */
export function raise(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}
