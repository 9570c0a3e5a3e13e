import { BrowserWindow, ipcMain, type IpcMainInvokeEvent } from 'electron'
import { CallMessage, type EventMessage } from '../../main/contract/calls.ts'
import type { Answer, AnswerCall } from '../ipc.ts'
import { CALL_CHANNEL, EVENT_CHANNEL } from './channels.ts'
import { isStudioUrl } from './protocol.ts'

/** Lets the studio's own page, in a window's main frame, make the contract's calls; any other sender is told a failure. */
export function bindCalls(answer: AnswerCall): void {
  ipcMain.handle(CALL_CHANNEL, async (event, message: unknown): Promise<Answer> => {
    if (!isOwnPage(event)) {
      return refusal(`a call from the studio’s own page, found one from ${event.senderFrame?.url ?? 'a closed frame'}`)
    }
    const call = CallMessage.safeParse(message)
    return call.success
      ? answer(call.data.name, call.data.input)
      : refusal('a call {name, input}, found something else')
  })
}

function isOwnPage({ senderFrame }: IpcMainInvokeEvent): boolean {
  return senderFrame !== null && senderFrame.parent === null && isStudioUrl(senderFrame.url)
}

function refusal(sentence: string): Answer {
  return { failure: { code: 'invalid-request', message: `expected ${sentence}` } }
}

/** Tells every open window. */
export function broadcast(message: EventMessage): void {
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(EVENT_CHANNEL, message)
}
