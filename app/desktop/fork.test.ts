import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import type { ChildExit } from '../studio-child.ts'
import { UtilityProcess } from './electron-stand-in.ts'
import { describeStatus, forkUtility } from './fork.ts'

vi.mock('electron', () => import('./electron-stand-in.ts'))

function fork(): { child: ReturnType<typeof forkUtility>; process: UtilityProcess } {
  const child = forkUtility('/studio/studio-process.js')
  if (!UtilityProcess.last) throw new Error('expected a utility process to be forked')
  return { child, process: UtilityProcess.last }
}

test('messages, output and the exit pass through', () => {
  const { child, process } = fork()
  const heard: unknown[] = []
  const output: string[] = []
  const exits: ChildExit[] = []
  child.onMessage((message) => heard.push(message))
  child.onOutput((text) => output.push(text))
  child.onExit((exit) => exits.push(exit))

  child.send({ type: 'release' })
  process.emit('message', { type: 'ready', runtime: 'x' })
  process.stderr?.emit('data', Buffer.from('warning'))
  process.emit('exit', 1)

  expect(process.entry).toBe('/studio/studio-process.js')
  expect(process.options).toMatchObject({ stdio: 'pipe' })
  expect(process.posted).toEqual([{ type: 'release' }])
  expect(heard).toEqual([{ type: 'ready', runtime: 'x' }])
  expect(output).toEqual(['warning'])
  expect(exits).toEqual([{ code: 1, signal: null }])
})

test('kill ends a process whose only thread hears nothing', async () => {
  const { child, process: utility } = fork()
  const busy = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); for (;;) {}'])
  const ended = once(busy, 'exit')
  utility.pid = busy.pid
  child.kill()
  await ended
  expect(busy.exitCode === null ? busy.signalCode : busy.exitCode).toBe(process.platform === 'win32' ? 1 : 'SIGKILL')
  expect(utility.isAskedToEnd).toBe(false)
})

test('a process that is not known to the system is asked to end', () => {
  const { child, process } = fork()
  child.kill()
  expect(process.isAskedToEnd).toBe(true)
})

test.each([
  [0, 'linux', { code: 0, signal: null }],
  [1, 'linux', { code: 1, signal: null }],
  [9, 'linux', { code: null, signal: 'SIGKILL' }],
  [6 | 0x80, 'darwin', { code: null, signal: 'SIGABRT' }],
  [11, 'linux', { code: null, signal: 'SIGSEGV' }],
  [0xc0000005, 'win32', { code: 0xc0000005, signal: null }],
] as const)('status %i on %s is told as %j', (status, platform, exit) => {
  expect(describeStatus(status, platform)).toEqual(exit)
})
