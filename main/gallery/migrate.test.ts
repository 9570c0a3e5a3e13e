import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { jobTable, pictureTable } from './columns.ts'
import { connect } from './database.ts'
import { migrations } from './migrations/index.ts'
import { pictureIds } from './pictures.ts'
import { ALL, linesLogger, ORIGIN, REQUEST } from './test-gallery.ts'

interface World {
  readonly folder: string
  readonly path: string
  readonly lines: string[]
  readonly open: (version?: number) => Database.Database
}

function world(): World {
  const folder = mkdtempSync(join(tmpdir(), 'gallery-migrate-'))
  const path = join(folder, 'studio.sqlite')
  const lines: string[] = []
  const open: Database.Database[] = []
  onTestFinished(() => {
    for (const database of open) database.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    path,
    lines,
    open: (version = migrations.length) => {
      const { database } = connect(path, linesLogger(lines), migrations.slice(0, version))
      open.push(database)
      return database
    },
  }
}

// As version 1 wrote it, in its own words.
function insertVersion1(database: Database.Database, prompt: string): string {
  const id = randomUUID()
  database
    .prepare(
      `INSERT INTO pictures (id, file_name, created_at, width_px, height_px, size_bytes, is_starred, request, origin)
       VALUES (?, ?, 1, 64, 72, 100, 1, ?, ?)`,
    )
    .run(id, `2026-11/${prompt}.png`, JSON.stringify({ ...REQUEST, prompt }), JSON.stringify(ORIGIN))
  return id
}

test('the migrations are numbered in order', () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, i) => i + 1))
})

test('version 1 to 2: pictures that were there can be searched', () => {
  const { open } = world()
  const old = open(1)
  const id = insertVersion1(old, 'a red fox')
  insertVersion1(old, 'a castle')
  old.close()
  const database = open(2)
  expect(pictureIds(database, { ...ALL, text: 'fox' })).toEqual([id])
  expect(pictureIds(database, { ...ALL, starredOnly: true })).toHaveLength(2)
})

test('version 2 to 3: pictures and their words stay, and there is a place for jobs', () => {
  const { open } = world()
  const old = open(2)
  const id = insertVersion1(old, 'a red fox')
  old.close()
  const database = open(3)
  expect(pictureIds(database, { ...ALL, text: 'fox' })).toEqual([id])
  expect(database.prepare('SELECT * FROM jobs').all()).toEqual([])
})

test('the index of words follows changed and deleted rows', () => {
  const { open } = world()
  const database = open()
  const id = insertVersion1(database, 'a red fox')
  const changed = JSON.stringify({ ...REQUEST, prompt: 'a blue whale' })
  database.prepare('UPDATE pictures SET request = ? WHERE id = ?').run(changed, id)
  expect(pictureIds(database, { ...ALL, text: 'fox' })).toEqual([])
  expect(pictureIds(database, { ...ALL, text: 'whale' })).toEqual([id])
  database.prepare('DELETE FROM pictures').run()
  expect(database.prepare(`SELECT rowid FROM picture_words WHERE picture_words MATCH 'whale'`).all()).toEqual([])
})

test('the column lists name the columns that are there', () => {
  const { open } = world()
  const database = open()
  for (const [name, { columns }] of [
    ['pictures', pictureTable],
    ['jobs', jobTable],
  ] as const) {
    const there = database.prepare(`SELECT name FROM pragma_table_info(?) WHERE name <> 'number'`).pluck().all(name)
    expect(columns.split(', ').sort()).toEqual(there.sort())
  }
})

test('a database with rows is copied before it is migrated, and the last two copies are kept', () => {
  const { folder, open, lines } = world()
  for (const version of [1, 2, 3]) open(version).close()
  expect(readdirSync(folder).sort()).toEqual([
    'studio.sqlite',
    'studio.version-0001.sqlite',
    'studio.version-0002.sqlite',
  ])
  const copy = new Database(join(folder, 'studio.version-0001.sqlite'), { readonly: true })
  onTestFinished(() => void copy.close())
  expect(copy.pragma('user_version', { simple: true })).toBe(1)
  expect(lines.at(-1)).toMatch(/from version 2 to 3/)
})

test('a migration that fails leaves the database as it was, and says where the copy is', () => {
  const { path, open, lines } = world()
  const id = insertVersion1(open(1), 'a red fox')
  const broken = [...migrations.slice(0, 1), { version: 2, name: 'broken', sql: 'CREATE TABLE t (a); DROP TABLE none' }]
  expect(() => connect(path, linesLogger(lines), broken)).toThrow(/no such table/)
  expect(lines.at(-1)).toMatch(
    /migration 2 \(broken\) was undone; a copy from before is at .*studio\.version-0001\.sqlite/,
  )
  const database = open(1)
  expect(database.pragma('user_version', { simple: true })).toBe(1)
  expect(database.prepare(`SELECT name FROM sqlite_schema WHERE name = 't'`).all()).toEqual([])
  expect(pictureIds(database, ALL)).toEqual([id])
})

test('a database of a newer studio is refused and not touched', () => {
  const { path, open, folder } = world()
  open(3).close()
  expect(() => connect(path, linesLogger([]), migrations.slice(0, 2))).toThrow(
    /expected a database of version 2 or older, found version 3/,
  )
  expect(readdirSync(folder)).toEqual(['studio.sqlite'])
})
