import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { downloadElectron, electronBinary, wasDownloadTried } from './electron.ts'

let root: string
let mirror: Server

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'electron-'))
  mirror = createServer((_request, response) => response.end()).listen(0, '127.0.0.1')
  await new Promise((resolve) => mirror.once('listening', resolve))
  vi.stubEnv('ELECTRON_MIRROR', `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/`)
  writeFileSync(join(root, 'package.json'), '{}')
})
afterEach(() => {
  vi.unstubAllEnvs()
  mirror.close()
  rmSync(root, { recursive: true, force: true })
})

/** Electron's package with an installer of the test's choice, run as a process of its own. */
function installPackage(version: string, installer: string): void {
  const folder = join(root, 'node_modules', 'electron')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'electron', version }))
  writeFileSync(join(folder, 'install.js'), `const fs = require('node:fs'); process.chdir(__dirname); ${installer}`)
}

const GOOD = "fs.mkdirSync('dist'); fs.writeFileSync('dist/electron', ''); fs.writeFileSync('path.txt', 'electron')"

test('without the package there is no binary and nothing to download', async () => {
  await downloadElectron(root)
  expect(electronBinary(root)).toBeNull()
})

test('the installer’s binary is found afterwards', async () => {
  installPackage('45.0.0', GOOD)
  expect(electronBinary(root)).toBeNull()
  await downloadElectron(root)
  expect(electronBinary(root)).toBe(join(root, 'node_modules', 'electron', 'dist', 'electron'))
})

test('a path without its binary does not count', async () => {
  installPackage('45.0.0', "fs.writeFileSync('path.txt', 'electron')")
  await downloadElectron(root)
  expect(electronBinary(root)).toBeNull()
})

test('a download that failed is noted for this version and tried again for the next', async () => {
  installPackage('45.0.0', 'process.exitCode = 1')
  expect(wasDownloadTried(root)).toBe(false)
  await downloadElectron(root)
  expect(wasDownloadTried(root)).toBe(true)
  installPackage('45.1.0', '')
  expect(wasDownloadTried(root)).toBe(false)
})

test('where the downloads cannot be reached the installer is not started', async () => {
  installPackage('45.0.0', "fs.writeFileSync('started', '')")
  await new Promise((resolve) => mirror.close(resolve))
  await downloadElectron(root)
  expect(existsSync(join(root, 'node_modules', 'electron', 'started'))).toBe(false)
  expect(wasDownloadTried(root)).toBe(true)
})
