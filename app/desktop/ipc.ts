import { BrowserWindow, ipcMain, type IpcMainInvokeEvent } from 'electron'
import type { EventMessage } from '../../main/contract/calls.ts'
import type { Failure } from '../../main/contract/failure.ts'
import { CALL_CHANNEL, EVENT_CHANNEL } from './channels.ts'
import { isStudioUrl } from './protocol.ts'

export type Answer = { ok: unknown } | { failure: Failure }

/**
 * Lets windows make the contract's calls. Only the studio's own page, in a window's main frame, is answered; anything
 * else is told so as a failure.
 */
export function bindCalls(answer: (message: unknown) => Promise<Answer>): void {
  ipcMain.handle(CALL_CHANNEL, (event, message: unknown) =>
    isOwnPage(event) ? answer(message) : refuse(event.senderFrame?.url ?? 'a frame that is gone'),
  )
}

function isOwnPage({ senderFrame }: IpcMainInvokeEvent): boolean {
  return senderFrame !== null && senderFrame.parent === null && isStudioUrl(senderFrame.url)
}

function refuse(sender: string): Answer {
  return {
    failure: { code: 'invalid-request', message: `expected a call from the studio's own window, found ${sender}` },
  }
}

/** Tells every open window. */
export function broadcast(message: EventMessage): void {
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(EVENT_CHANNEL, message)
}
