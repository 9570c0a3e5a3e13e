import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import type { ImageRecord } from '../contract/image.ts'
import type { KeptJob } from '../contract/job-store.ts'
import { newJob } from '../queue/transitions.ts'
import { Gallery } from './gallery.ts'
import { ALL, REQUEST, testGalleries, type TestGallery } from './test-gallery.ts'

const testGallery = testGalleries(onTestFinished)

// Closes the gallery, changes its database behind its back, and opens it again.
async function reopenAfter(world: TestGallery, change: (databasePath: string) => void): Promise<void> {
  await world.gallery.close()
  change(join(world.options.dataFolder, 'studio.sqlite'))
  world.changes.length = 0
  await world.reopen()
  await world.gallery.reconcile()
}

// What a file can tell; the id is given anew.
/** What its file says of a picture: not the id of its row, nor how long it took. */
function asFile(record: ImageRecord): ImageRecord {
  return { ...record, id: '', durationMs: null }
}

test('a deleted database is built again from the files', async () => {
  const world = await testGallery()
  const made = [world.make({ seed: 1 }), world.make({ seed: 2, prompt: '雪の狐' }, '2026-01-31')]
  await reopenAfter(world, (path) => rmSync(path))
  const found = world.gallery.details(world.gallery.ids(ALL))
  expect(found.map(asFile)).toEqual(made.map(asFile))
  expect(world.changes.flatMap(({ added }) => added).sort()).toEqual(found.map(({ id }) => id).sort())
  expect(world.gallery.ids({ ...ALL, text: '狐' })).toHaveLength(1)
})

test('a deleted database brings the trash back as the trash', async () => {
  const world = await testGallery()
  const { id, fileName } = world.make()
  await world.gallery.trash([id])
  await reopenAfter(world, (path) => rmSync(path))
  expect(world.gallery.ids(ALL)).toEqual([])
  expect(world.gallery.details([id])[0]?.trashedAt).toBeTypeOf('number')
  await world.gallery.restore([id])
  expect(world.gallery.details(world.gallery.ids(ALL))).toMatchObject([{ id, fileName, request: REQUEST }])
})

test('a file that is no database is moved aside with a clear line, and nothing is lost', async () => {
  const world = await testGallery()
  const made = world.make()
  await reopenAfter(world, (path) => writeFileSync(path, 'not a database, '.repeat(1000)))
  expect(world.gallery.details(world.gallery.ids(ALL)).map(asFile)).toEqual([asFile(made)])
  const aside = readdirSync(world.options.dataFolder).find((name) => name.includes('damaged'))
  expect(readFileSync(join(world.options.dataFolder, aside ?? ''), 'utf8')).toMatch(/^not a database/)
  expect(world.lines.join('\n')).toMatch(/studio\.sqlite is damaged\. It was moved to .*damaged-/)
})

test('of a database with damaged pages, what can be read stays: stars, ids and waiting jobs', async () => {
  const world = await testGallery()
  const made = Array.from({ length: 24 }, (_, seed) => world.make({ seed, prompt: `fox ${'x'.repeat(1500)}` }))
  const ids = made.map(({ id }) => id)
  world.gallery.star(ids, true)
  const waiting = [waitingJob(), waitingJob()]
  world.gallery.jobStore().insert(waiting)
  await reopenAfter(world, (path) => damageTheMiddleOf('pictures', path))
  const found = world.gallery.details(world.gallery.ids(ALL))
  expect(found.map(({ request }) => request.seed).sort((a, b) => a - b)).toEqual(made.map((_, seed) => seed))
  const kept = found.filter(({ id, isStarred }) => isStarred && ids.includes(id)).map(({ request }) => request.seed)
  expect(kept).toContain(0)
  expect(kept).toContain(23)
  expect(kept.length).toBeGreaterThan(12)
  expect(kept.length).toBeLessThan(24)
  expect(world.gallery.jobStore().takeOver()).toEqual(waiting)
})

function waitingJob(): KeptJob {
  return { job: newJob(randomUUID(), randomUUID(), REQUEST, 5), starts: 0 }
}

// Overwrites one leaf page in the middle of the table's rows.
function damageTheMiddleOf(table: string, path: string): void {
  const database = new Database(path)
  const pages = database
    .prepare<[string], number>(`SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path`)
    .pluck()
    .all(table)
  const pageSize = Number(database.pragma('page_size', { simple: true }))
  database.close()
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(pageSize, 0xff), 0, pageSize, ((pages[pages.length >> 1] ?? 0) - 1) * pageSize)
  closeSync(file)
}

test('a row that does not parse is left out, told to the log, and written again from its file', async () => {
  const world = await testGallery()
  const [broken, sound] = [world.make({ seed: 1 }), world.make({ seed: 2 })]
  world.gallery.star([broken.id], true)
  await reopenAfter(world, (path) => {
    const database = new Database(path)
    database.exec('DROP TRIGGER picture_words_update')
    database.prepare(`UPDATE pictures SET request = '{"prompt": 3', origin = '{}' WHERE id = ?`).run(broken.id)
    database.close()
  })
  expect(world.gallery.details([broken.id, sound.id]).map(({ id }) => id)).toEqual([sound.id])
  expect(world.lines.join('\n')).toMatch(`${broken.fileName} (${broken.id}) was left out`)
  await world.gallery.emptyTrash(0)
  expect(world.changes.at(-1)).toEqual({ added: [], changed: [broken.id], removed: [] })
  expect(world.gallery.details([broken.id])).toEqual([{ ...broken, isStarred: true, durationMs: null }])
})

test('a row that nothing can set right is asked about once and takes nothing down', async () => {
  const world = await testGallery({ readEmbedded: () => Promise.resolve(null) })
  const { id } = world.make()
  await reopenAfter(world, (path) => {
    const database = new Database(path)
    database.exec(`UPDATE pictures SET origin = 'null'`)
    database.close()
  })
  expect(world.gallery.details([id])).toEqual([])
  await world.gallery.emptyTrash(0)
  await expect(world.gallery.filePath(id, 'full')).rejects.toMatchObject({ code: 'not-found' })
  expect(world.changes).toEqual([])
})

test('a database of a newer studio is left as it is', async () => {
  const world = await testGallery()
  world.make()
  await world.gallery.close()
  const path = join(world.options.dataFolder, 'studio.sqlite')
  const database = new Database(path)
  database.pragma('user_version = 99')
  database.close()
  await expect(Gallery.open(world.options)).rejects.toMatchObject({ code: 'internal' })
  expect(readdirSync(world.options.dataFolder).filter((name) => name.includes('damaged'))).toEqual([])
})
