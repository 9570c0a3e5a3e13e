import type { MenuItemConstructorOptions } from 'electron'

interface MenuOptions {
  platform: NodeJS.Platform
  /** A packaged application shows no tools for developing it. */
  isPackaged: boolean
  /** Sends a command's name to the window in front. */
  send(command: string): void
  openLogs(): void
}

/** The rooms in the order of their shortcuts, Ctrl/Cmd+1 and on. */
const ROOMS = [
  ['create', 'Create'],
  ['gallery', 'Gallery'],
  ['queue', 'Queue'],
  ['models', 'Models'],
  ['settings', 'Settings'],
] as const

const SEPARATOR: MenuItemConstructorOptions = { type: 'separator' }

/** The application's menu with the platform's usual shortcuts; what the studio itself does is sent as a command. */
export function menuTemplate(options: MenuOptions): MenuItemConstructorOptions[] {
  const isMac = options.platform === 'darwin'
  return [
    ...(isMac ? [appMenu(options)] : []),
    fileMenu(options, isMac),
    { role: 'editMenu' },
    viewMenu(options),
    { role: 'windowMenu' },
    helpMenu(options, isMac),
  ]
}

function appMenu(options: MenuOptions): MenuItemConstructorOptions {
  return {
    role: 'appMenu',
    submenu: [
      { role: 'about' },
      SEPARATOR,
      command(options, 'Settings…', 'room:settings', 'Cmd+,'),
      SEPARATOR,
      { role: 'services' },
      SEPARATOR,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      SEPARATOR,
      { role: 'quit' },
    ],
  }
}

function fileMenu(options: MenuOptions, isMac: boolean): MenuItemConstructorOptions {
  return {
    label: '&File',
    submenu: [
      command(options, 'Generate', 'generate', 'CmdOrCtrl+Enter'),
      // Esc closes whatever is open first, which only the page knows; registered here it would always cancel.
      isMac
        ? command(options, 'Cancel', 'cancel')
        : { ...command(options, 'Cancel', 'cancel', 'Esc'), registerAccelerator: false },
      SEPARATOR,
      command(options, 'Add Model Folder…', 'models:add-folder'),
      ...(isMac ? [] : [SEPARATOR, command(options, 'Settings', 'room:settings', 'Ctrl+,')]),
      SEPARATOR,
      isMac ? { role: 'close' } : { role: 'quit' },
    ],
  }
}

function viewMenu(options: MenuOptions): MenuItemConstructorOptions {
  const developing: MenuItemConstructorOptions[] = [{ role: 'reload' }, { role: 'toggleDevTools' }, SEPARATOR]
  return {
    label: '&View',
    submenu: [
      ...ROOMS.map(([room, label], index) => command(options, label, `room:${room}`, `CmdOrCtrl+${index + 1}`)),
      SEPARATOR,
      ...(options.isPackaged ? [] : developing),
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      SEPARATOR,
      { role: 'togglefullscreen' },
    ],
  }
}

function helpMenu(options: MenuOptions, isMac: boolean): MenuItemConstructorOptions {
  const about: MenuItemConstructorOptions[] = isMac ? [] : [SEPARATOR, { role: 'about' }]
  return {
    role: 'help',
    submenu: [{ label: 'Open Log Folder', click: () => options.openLogs() }, ...about],
  }
}

function command(options: MenuOptions, label: string, name: string, accelerator?: string): MenuItemConstructorOptions {
  return {
    label,
    ...(accelerator === undefined ? {} : { accelerator }),
    click: () => options.send(name),
  }
}
