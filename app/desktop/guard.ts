import { app, session } from 'electron'
import { isStudioUrl } from './protocol.ts'

/**
 * Shuts the ways out of a page: no other page may be opened or gone to, no guest page embedded, and of the
 * browser's permissions only writing to the clipboard is granted. Call once the application is ready, before any window.
 */
export function guardPages(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
    contents.on('will-attach-webview', (event) => {
      event.preventDefault()
    })
    // A reload is a navigation to where the page already is; a file dropped beside the canvas is one to elsewhere.
    contents.on('will-frame-navigate', (details) => {
      if (!isStudioUrl(details.url)) details.preventDefault()
    })
    contents.on('will-redirect', (details) => {
      if (!isStudioUrl(details.url)) details.preventDefault()
    })
  })
  const { defaultSession } = session
  defaultSession.setPermissionRequestHandler((_contents, permission, callback) => {
    callback(isGranted(permission))
  })
  defaultSession.setPermissionCheckHandler((_contents, permission) => isGranted(permission))
  defaultSession.setDevicePermissionHandler(() => false)
}

function isGranted(permission: string): boolean {
  return permission === 'clipboard-sanitized-write'
}
