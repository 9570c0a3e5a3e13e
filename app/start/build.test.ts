import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { build, isBuilt } from './build.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'build-'))
  write('app/desktop/main.ts', 'export {}')
  write('renderer/App.svelte', '<p>studio</p>')
  write('package-lock.json', '{}')
  installBuilder('for (const file of PRODUCTS) write(file)')
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** A builder that does what is wanted of it in place of electron-vite, as a process of its own. */
function installBuilder(body: string): void {
  write(
    'node_modules/electron-vite/bin/electron-vite.js',
    `const { mkdirSync, writeFileSync } = require('node:fs')
     const { dirname } = require('node:path')
     const PRODUCTS = ['main/desktop.js', 'main/loopback.js', 'main/studio-process.js', 'main/cli.js', 'renderer/index.html']
     const write = (file) => { mkdirSync(dirname('out/' + file), { recursive: true }); writeFileSync('out/' + file, '') }
     ${body}`,
  )
}

test('a fresh clone is not built, and after a build it is', () => {
  expect(isBuilt(root)).toBe(false)
  build(root)
  expect(isBuilt(root)).toBe(true)
})

test.each([
  ['a changed source', () => write('app/desktop/main.ts', 'export const a = 1')],
  ['a new source', () => write('main/tensor/tensor.ts', 'export {}')],
  ['a removed source', () => rmSync(join(root, 'renderer/App.svelte'))],
  ['other dependencies', () => write('package-lock.json', '{"lockfileVersion": 3}')],
  ['a lost product', () => rmSync(join(root, 'out/main/loopback.js'))],
])('%s makes the next start build', (_what, change) => {
  build(root)
  change()
  expect(isBuilt(root)).toBe(false)
})

test.each([
  ['a changed test', () => write('app/desktop/main.test.ts', 'test()')],
  ['a checkout that only touches files', () => utimesSync(join(root, 'app/desktop/main.ts'), 1, 1)],
  ['a changed document', () => write('README.md', 'text')],
])('%s does not', (_what, change) => {
  build(root)
  change()
  expect(isBuilt(root)).toBe(true)
})

test('a build that fails says why and does not count', () => {
  build(root)
  write('app/desktop/main.ts', 'export const a =')
  installBuilder('process.stderr.write("main.ts:1: expected an expression"); process.exitCode = 1')
  expect(() => build(root)).toThrow('main.ts:1: expected an expression')
  expect(isBuilt(root)).toBe(false)
})
