import { randomUUID } from 'node:crypto'
import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GalleryFilter } from '../contract/image.ts'
import { pictureTable } from './columns.ts'
import { openDatabase } from './database.ts'
import { idsStatement, pictureIds, picturesById } from './pictures.ts'
import { MISSING_TWINS } from './reconcile.ts'
import { ALL, linesLogger, ORIGIN, REQUEST } from './test-gallery.ts'

const COUNT = 100_000
const NOUNS = ['fox', 'castle', 'river', 'portrait', 'forest', 'house', 'mountain']
const folder = mkdtempSync(join(tmpdir(), 'gallery-plans-'))
let database: Database

beforeAll(() => {
  database = openDatabase(join(folder, 'studio.sqlite'), linesLogger([])).database
  const insert = database.prepare(pictureTable.insert)
  database.transaction(() => {
    for (let i = 0; i < COUNT; i++) insert.run(pictureTable.toRow(picture(i)))
  })()
}, 120_000)

afterAll(() => {
  database.close()
  rmSync(folder, { recursive: true, force: true })
})

// Every third is of the same words, every tenth starred, every hundredth in the trash.
function picture(i: number): Parameters<typeof pictureTable.toRow>[0] {
  const prompt = `a painting of a ${NOUNS[i % NOUNS.length] ?? ''} at ${i % 24} o’clock, number n${i}`
  return {
    id: randomUUID(),
    fileName: `2026-11/${i}.png`,
    createdAt: 1_700_000_000_000 + i * 60_000,
    widthPx: 64,
    heightPx: 72,
    sizeBytes: 1000,
    request: { ...REQUEST, prompt, seed: i },
    origin: ORIGIN,
    durationMs: 1234,
    isStarred: i % 10 === 0,
    trashedAt: i % 100 === 1 ? 1 : null,
    missingAt: null,
    jobId: null,
  }
}

function planOf(sql: string, parameters: readonly (string | number)[]): string[] {
  const steps = database.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters)
  return steps.map(({ detail }) => detail)
}

function planOfList(filter: GalleryFilter): string[] {
  const { sql, parameters } = idsStatement(filter)
  return planOf(sql, parameters)
}

test.each(['newest', 'oldest'] as const)('the list, %s first, is read from its index alone, in order', (order) => {
  expect(planOfList({ ...ALL, order })).toEqual(['SCAN pictures USING COVERING INDEX pictures_shown'])
})

test('the starred list is read from an index of the starred alone', () => {
  expect(planOfList({ ...ALL, starredOnly: true })).toEqual(['SCAN pictures USING COVERING INDEX pictures_starred'])
})

test.each([false, true])('a search sorts nothing and reads no row (starred only: %s)', (starredOnly) => {
  const plan = planOfList({ text: 'fox paint', starredOnly, order: 'newest' })
  expect(plan[0]).toBe(`SCAN pictures USING COVERING INDEX ${starredOnly ? 'pictures_starred' : 'pictures_shown'}`)
  expect(plan.join('\n')).toMatch(/SCAN picture_words VIRTUAL TABLE INDEX 0:M/)
  expect(plan.join('\n')).not.toMatch(/TEMP B-TREE|SCAN pictures$/m)
})

test('the plans stay when SQLite has counted the rows', () => {
  database.exec('ANALYZE')
  expect(planOfList(ALL)).toEqual(['SCAN pictures USING COVERING INDEX pictures_shown'])
  expect(planOfList({ ...ALL, text: 'fox' })[0]).toBe('SCAN pictures USING COVERING INDEX pictures_shown')
})

test('single rows are found by their indexes', () => {
  const columns = `SELECT ${pictureTable.columns} FROM pictures`
  expect(planOf(`${columns} WHERE id IN (SELECT value FROM json_each(?))`, ['[]'])[0]).toMatch(
    /SEARCH pictures USING INDEX/,
  )
  expect(planOf('SELECT 1 FROM pictures WHERE file_name = ?', [''])[0]).toMatch(/SEARCH .* USING COVERING INDEX/)
  expect(planOf(MISSING_TWINS, [1, 1])).toEqual([
    'SEARCH pictures USING INDEX pictures_missing (created_at=? AND size_bytes=?)',
  ])
  expect(planOf('SELECT id FROM pictures WHERE job_id = ?', [''])[0]).toMatch(/USING INDEX pictures_by_job/)
  expect(planOf(`${columns} WHERE trashed_at <= ? ORDER BY trashed_at, number`, [1])).toEqual([
    'SEARCH pictures USING INDEX pictures_trashed (trashed_at<?)',
  ])
})

test('the list and the search are right at 100,000 rows', () => {
  const shown = pictureIds(database, ALL)
  expect(shown).toHaveLength(COUNT - COUNT / 100)
  expect(pictureIds(database, { ...ALL, order: 'oldest' })).toEqual(shown.toReversed())
  expect(pictureIds(database, { ...ALL, starredOnly: true })).toHaveLength(COUNT / 10)
  const [only, ...others] = pictureIds(database, { ...ALL, text: 'n12345 paint' })
  expect(others).toEqual([])
  expect(picturesById(database, only ? [only] : [], linesLogger([])).pictures[0]?.request.seed).toBe(12345)
  const foxes = Array.from({ length: COUNT }, (_, i) => i).filter((i) => i % NOUNS.length === 0 && i % 100 !== 1)
  expect(pictureIds(database, { ...ALL, text: 'fox' })).toHaveLength(foxes.length)
})
