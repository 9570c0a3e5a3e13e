import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimInstance, isClaimed, readOwner } from './instance.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'instance-'))
  file = join(folder, 'data', 'instance.json')
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('the first studio gets the folder and the second is told where the first listens', () => {
  const first = claimInstance(file, 'browser')
  first.claim?.publish(4711, 'word')
  const second = claimInstance(file, 'desktop')
  expect(second.claim).toBeNull()
  expect(second.owner).toMatchObject({ pid: process.pid, shell: 'browser', port: 4711, secret: 'word' })
})

test('a released folder is free', () => {
  claimInstance(file, 'browser').claim?.release()
  expect(existsSync(file)).toBe(false)
  expect(claimInstance(file, 'desktop').claim).not.toBeNull()
})

test('the claim of a process that died is taken over', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  expect(claimInstance(file, 'browser').claim).not.toBeNull()
  expect(isClaimed(file)).toBe(true)
  writeOwner({ pid: child.pid })
  expect(isClaimed(file)).toBe(false)
  const second = claimInstance(file, 'browser')
  expect(second.claim).not.toBeNull()
  expect(readOwner(file)?.pid).toBe(process.pid)
})

test('a claim from before the machine started is taken over even when its number runs again', () => {
  claimInstance(file, 'browser')
  writeOwner({ startedAt: 1 })
  expect(claimInstance(file, 'browser').claim).not.toBeNull()
})

test('a process that was asked and is no studio is passed over', () => {
  claimInstance(file, 'browser')
  expect(claimInstance(file, 'browser', process.pid).claim).not.toBeNull()
})

test('a file cut short is taken over', () => {
  claimInstance(file, 'browser')
  writeFileSync(file, '{"pid": 4')
  expect(claimInstance(file, 'browser').claim).not.toBeNull()
})

test('a late release leaves the claim of another studio alone', () => {
  const first = claimInstance(file, 'browser').claim
  writeOwner({ pid: process.ppid })
  first?.release()
  expect(readOwner(file)?.pid).toBe(process.ppid)
})

test.skipIf(process.platform === 'win32')('only the user can read the word', async () => {
  const { statSync } = await import('node:fs')
  claimInstance(file, 'browser').claim?.publish(4711, 'word')
  expect(statSync(file).mode & 0o077).toBe(0)
})

function writeOwner(change: object): void {
  const owner = { pid: process.pid, shell: 'browser', startedAt: Date.now(), port: null, secret: null, ...change }
  writeFileSync(file, JSON.stringify(owner))
}
