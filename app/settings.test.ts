import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Settings } from '../main/contract/settings.ts'
import { SettingsStore } from './settings.ts'

const DEFAULTS = {
  theme: 'system',
  modelFolders: [],
  threads: null,
  showPreviews: true,
  batchGuidance: true,
  memoryUse: 'auto',
  promptStyle: 'a1111',
}

let folder: string
let file: string
let warnings: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'))
  file = join(folder, 'settings.json')
  warnings = []
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function open(onChange?: (settings: Settings) => void): SettingsStore {
  const logger = { info: () => undefined, warn: (line: string) => void warnings.push(line), error: () => undefined }
  return new SettingsStore(file, logger, onChange)
}

test('a first start has the defaults and writes nothing', () => {
  expect(open().current).toEqual(DEFAULTS)
  expect(readdirSync(folder)).toEqual([])
})

test('a change is told, survives a restart and leaves no draft behind', () => {
  const told: Settings[] = []
  open((settings) => told.push(settings)).change({ theme: 'dark', threads: 4 })
  expect(told).toEqual([{ ...DEFAULTS, theme: 'dark', threads: 4 }])
  expect(open().current).toEqual({ ...DEFAULTS, theme: 'dark', threads: 4 })
  expect(readdirSync(folder)).toEqual(['settings.json'])
})

test('a file that is no JSON opens with the defaults and is kept aside as found', () => {
  writeFileSync(file, '{"theme": "da')
  expect(open().current).toEqual(DEFAULTS)
  const kept = readdirSync(folder).find((name) => name.startsWith('settings.json.damaged-'))
  expect(kept && readFileSync(join(folder, kept), 'utf8')).toBe('{"theme": "da')
  expect(warnings).toHaveLength(1)
  open()
  expect(warnings).toHaveLength(1)
})

test('one damaged field takes its default and the others stay', () => {
  writeFileSync(file, JSON.stringify({ theme: 'dark', threads: 'many', modelFolders: ['/models'] }))
  expect(open().current).toEqual({ ...DEFAULTS, theme: 'dark', modelFolders: ['/models'] })
  expect(warnings[0]).toContain('threads: expected a number, found "many"')
})

test('an older file without a newer field is sound', () => {
  writeFileSync(file, JSON.stringify({ theme: 'light' }))
  expect(open().current).toEqual({ ...DEFAULTS, theme: 'light' })
  expect(warnings).toEqual([])
})
