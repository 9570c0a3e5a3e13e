import open from 'open'
import { dirname } from 'node:path'
import type { ShellActions } from './ipc.ts'

/** The shell's actions where there is no window of one's own: the system opens what it is given. */
export const systemActions: ShellActions = {
  // A page cannot learn a folder's path; the window offers a text field instead.
  chooseFolder: () => Promise.resolve(null),
  revealFile: async (path) => {
    await open(dirname(path))
  },
  openFolder: async (path) => {
    await open(path)
  },
  trashFile: async (path) => {
    // Loaded when something is discarded, which few starts do.
    const { default: trash } = await import('trash')
    await trash(path)
  },
}

/** Whether this machine can show a folder to the person at the browser: a Linux without a display cannot. */
export function canOpenFolders(): boolean {
  const { platform, env } = process
  return platform !== 'linux' || Boolean(env['DISPLAY'] ?? env['WAYLAND_DISPLAY'])
}
