import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from './database.ts'
import { moveFile, writeError } from './files.ts'
import { makeFolders } from './folders.ts'
import { placePicture, type Place } from './place.ts'
import { pictureIds } from './pictures.ts'
import { ALL, linesLogger, ORIGIN, pngOf, REQUEST } from './test-gallery.ts'

const FACTS = {
  createdAt: 0,
  widthPx: 64,
  heightPx: 72,
  sizeBytes: 1,
  request: REQUEST,
  origin: ORIGIN,
  durationMs: 1234,
}

function world(): { place: Place; from: string } {
  const root = mkdtempSync(join(tmpdir(), 'gallery-place-'))
  const logger = linesLogger([])
  const folders = makeFolders({ galleryFolder: join(root, 'gallery'), dataFolder: join(root, 'data') })
  const { database } = openDatabase(folders.database, logger)
  onTestFinished(() => {
    database.close()
    rmSync(root, { recursive: true, force: true })
  })
  const from = join(folders.staging, 'picture.png')
  writeFileSync(from, pngOf(REQUEST))
  return { place: { database, folders, logger }, from }
}

function picturesIn({ folders }: Place): string[] {
  return readdirSync(folders.gallery, { recursive: true, encoding: 'utf8' }).filter((name) => /^\d.*\.png$/.test(name))
}

test('a full database is disk-full, and the picture stays where the run wrote it', () => {
  const { place, from } = world()
  place.database.pragma(`max_page_count = ${Number(place.database.pragma('page_count', { simple: true }))}`)
  const large = { ...FACTS, request: { ...REQUEST, prompt: 'word '.repeat(4000) } }
  expect(() => placePicture(place, from, large, null)).toThrow(
    expect.objectContaining({ code: 'disk-full', message: 'expected room on the disk for a picture, found none' }),
  )
  expect(readFileSync(from)).toEqual(pngOf(REQUEST))
  expect(picturesIn(place)).toEqual([])
  expect(pictureIds(place.database, ALL)).toEqual([])
})

test('a picture that was moved goes back when its row cannot be committed', () => {
  const { place, from } = world()
  // A reference to nothing that is only checked on commit, as late as a disk can fail.
  place.database.exec(`
    CREATE TABLE late (id TEXT REFERENCES pictures (id) DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER fail_late AFTER INSERT ON pictures BEGIN INSERT INTO late VALUES ('nothing'); END;
  `)
  expect(() => placePicture(place, from, FACTS, null)).toThrow(/FOREIGN KEY/)
  expect(readFileSync(from)).toEqual(pngOf(REQUEST))
  expect(picturesIn(place)).toEqual([])
  expect(pictureIds(place.database, ALL)).toEqual([])
})

test('a picture that cannot be moved adds no row', () => {
  const { place, from } = world()
  writeFileSync(join(place.folders.gallery, '1970-01'), 'a file where the month’s folder should be')
  const facts = { ...FACTS, createdAt: new Date(1970, 0, 5).getTime() }
  expect(() => placePicture(place, from, facts, null)).toThrow(/EEXIST|ENOTDIR/)
  expect(existsSync(from)).toBe(true)
  expect(pictureIds(place.database, ALL)).toEqual([])
})

test('a move makes the folder it needs and leaves nothing behind', () => {
  const { place, from } = world()
  const to = join(place.folders.trash, 'a', 'b', 'picture.png')
  moveFile(from, to)
  expect(readFileSync(to)).toEqual(pngOf(REQUEST))
  expect(existsSync(from)).toBe(false)
})

test.each(['ENOSPC', 'EDQUOT', 'SQLITE_FULL'])('%s is told as disk-full, with its cause', (code) => {
  const cause = Object.assign(new Error('no space left on device'), { code })
  expect(writeError(cause, 'a picture')).toMatchObject({ code: 'disk-full', cause })
})

test('other errors of the disk stay what they are', () => {
  const error = Object.assign(new Error('read-only file system'), { code: 'EROFS' })
  expect(writeError(error, 'a picture')).toBe(error)
})
