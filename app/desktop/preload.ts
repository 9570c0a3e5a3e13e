import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron'
import { CALL_CHANNEL, EVENT_CHANNEL } from './channels.ts'

// All that a page of the studio can reach outside its sandbox: two functions over two fixed channels.
contextBridge.exposeInMainWorld('studio', {
  call: (message: unknown): Promise<unknown> => ipcRenderer.invoke(CALL_CHANNEL, message),
  subscribe: (listener: (message: unknown) => void): (() => void) => {
    const forward = (_event: IpcRendererEvent, message: unknown): void => {
      listener(message)
    }
    ipcRenderer.on(EVENT_CHANNEL, forward)
    return () => {
      ipcRenderer.off(EVENT_CHANNEL, forward)
    }
  },
})
