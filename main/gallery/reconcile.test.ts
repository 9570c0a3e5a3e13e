import { copyFileSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ALL, pngOf, REQUEST, testGalleries } from './test-gallery.ts'

const testGallery = testGalleries(onTestFinished)

test('nothing is told when rows and files agree', async () => {
  const { gallery, make, changes } = await testGallery()
  await gallery.trash([make().id])
  make()
  changes.length = 0
  await gallery.reconcile()
  expect(changes).toEqual([])
})

test('a file that vanished is not shown, and shown again with its star when it is back', async () => {
  const { gallery, make, options, changes } = await testGallery()
  const [record, other] = [make(), make()]
  gallery.star([record.id], true)
  const path = join(options.galleryFolder, record.fileName)
  renameSync(path, join(options.dataFolder, 'elsewhere'))
  await gallery.reconcile()
  expect(gallery.ids(ALL)).toEqual([other.id])
  expect(changes.at(-1)).toEqual({ added: [], changed: [], removed: [record.id] })
  renameSync(join(options.dataFolder, 'elsewhere'), path)
  await gallery.reconcile()
  expect(gallery.ids({ ...ALL, starredOnly: true })).toEqual([record.id])
  expect(changes.at(-1)).toEqual({ added: [record.id], changed: [], removed: [] })
})

test('asking for a vanished file is not-found, and takes it out of the list', async () => {
  const { gallery, make, options, changes } = await testGallery()
  const { id, fileName } = make()
  rmSync(join(options.galleryFolder, fileName))
  await expect(gallery.filePath(id, 'full')).rejects.toMatchObject({ code: 'not-found' })
  expect(gallery.ids(ALL)).toEqual([])
  expect(changes.at(-1)).toEqual({ added: [], changed: [], removed: [id] })
})

test('a file that was moved and renamed by hand is the same picture', async () => {
  const { gallery, make, options } = await testGallery()
  const record = make()
  gallery.star([record.id], true)
  mkdirSync(join(options.galleryFolder, 'best of'))
  renameSync(join(options.galleryFolder, record.fileName), join(options.galleryFolder, 'best of', 'füchse 狐.png'))
  await gallery.reconcile()
  expect(gallery.details(gallery.ids(ALL))).toEqual([{ ...record, fileName: 'best of/füchse 狐.png', isStarred: true }])
})

test('pictures of the studio that were put there are taken in; other files are left alone', async () => {
  const { gallery, options } = await testGallery()
  const time = new Date(2025, 4, 6)
  const put = (name: string, bytes: Buffer | string): void => {
    writeFileSync(join(options.galleryFolder, name), bytes)
    utimesSync(join(options.galleryFolder, name), time, time)
  }
  put('from a friend.PNG', pngOf({ ...REQUEST, seed: 99, widthPx: 128 }))
  put('half a picture.png', pngOf(REQUEST).subarray(0, -3))
  put('holiday.png', 'no picture')
  put('notes.txt', 'text')
  mkdirSync(join(options.galleryFolder, '.hidden'))
  put('.hidden/picture.png', pngOf(REQUEST))
  await gallery.reconcile()
  expect(gallery.details(gallery.ids(ALL))).toEqual([
    expect.objectContaining({
      fileName: 'from a friend.PNG',
      createdAt: time.getTime(),
      widthPx: 128,
      sizeBytes: pngOf({ ...REQUEST, seed: 99, widthPx: 128 }).length,
      isStarred: false,
    }),
  ])
})

test('a copy of a picture that is there is a picture of its own', async () => {
  const { gallery, make, options } = await testGallery()
  const { fileName } = make()
  copyFileSync(join(options.galleryFolder, fileName), join(options.galleryFolder, 'copy.png'))
  await gallery.reconcile()
  expect(
    gallery
      .details(gallery.ids(ALL))
      .map((record) => record.fileName)
      .sort(),
  ).toEqual([fileName, 'copy.png'])
})

test('a picture whose parameters cannot be read does not keep others out', async () => {
  const world = await testGallery()
  const { readEmbedded } = world.options
  await world.gallery.close()
  Object.assign(world.options, {
    readEmbedded: (path: string) =>
      path.includes('bad') ? Promise.reject(new Error('zlib: bad data')) : readEmbedded(path),
  })
  for (const name of ['a.png', 'bad.png', 'c.png'])
    writeFileSync(join(world.options.galleryFolder, name), pngOf(REQUEST))
  await world.reopen()
  await world.gallery.reconcile()
  expect(world.gallery.ids(ALL)).toHaveLength(2)
  expect(world.lines.join('\n')).toMatch(/bad\.png: .*zlib: bad data/)
})

test('a picture adopted while the folders are read stays shown', async () => {
  const { gallery, make, options } = await testGallery()
  writeFileSync(join(options.galleryFolder, 'unknown.png'), pngOf(REQUEST))
  const reconciling = gallery.reconcile()
  const { id } = make()
  await reconciling
  expect(gallery.ids(ALL)).toHaveLength(2)
  expect(gallery.ids(ALL)).toContain(id)
})

test('closing ends a long indexing, and the next opening goes on', async () => {
  const world = await testGallery()
  for (let i = 0; i < 120; i++) writeFileSync(join(world.options.galleryFolder, `${i}.png`), pngOf(REQUEST))
  const reconciling = world.gallery.reconcile()
  await world.reopen()
  await reconciling
  await world.gallery.reconcile()
  expect(world.gallery.ids(ALL)).toHaveLength(120)
})
