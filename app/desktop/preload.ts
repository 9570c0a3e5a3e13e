import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron'

// The channel names are written out here and in ipc.ts: a sandboxed preload that imported them from a module with
// schemas would carry the schema library into every window.
contextBridge.exposeInMainWorld('studio', {
  call: (message: unknown): Promise<unknown> => ipcRenderer.invoke('studio:call', message),
  subscribe: (listener: (event: unknown) => void): (() => void) => {
    const forward = (_event: IpcRendererEvent, message: unknown): void => {
      listener(message)
    }
    ipcRenderer.on('studio:event', forward)
    return () => {
      ipcRenderer.off('studio:event', forward)
    }
  },
})
