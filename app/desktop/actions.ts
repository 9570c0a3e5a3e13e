import { BrowserWindow, dialog, shell, type OpenDialogOptions } from 'electron'
import type { ShellActions } from '../ipc.ts'

/** The shell's actions through the system's own dialogs and file manager. */
export const desktopActions: ShellActions = {
  async chooseFolder() {
    const options: OpenDialogOptions = { properties: ['openDirectory', 'createDirectory'] }
    const window = BrowserWindow.getFocusedWindow()
    const { filePaths } = window ? await dialog.showOpenDialog(window, options) : await dialog.showOpenDialog(options)
    return filePaths[0] ?? null
  },
  revealFile(path) {
    shell.showItemInFolder(path)
    return Promise.resolve()
  },
  async trashFile(path) {
    await shell.trashItem(path)
  },
  async openFolder(path) {
    const complaint = await shell.openPath(path)
    if (complaint !== '') throw new Error(complaint)
  },
}
