import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ImageRecord } from '../contract/image.ts'
import { ALL, ORIGIN, pngOf, REQUEST, stage, testGalleries } from './test-gallery.ts'

const testGallery = testGalleries(onTestFinished)

const RESULT = {
  pictureName: 'picture.png',
  thumbnailName: 'thumbnail.webp',
  widthPx: 64,
  heightPx: 72,
  sizeBytes: 0,
  origin: ORIGIN,
  durationMs: 1234,
}

describe('adopting', () => {
  test('a picture is moved to a name a person can browse, and its record says all about it', async () => {
    const { gallery, make, options, changes } = await testGallery()
    const request = {
      ...REQUEST,
      seed: Number.MAX_SAFE_INTEGER,
      init: { id: 'a'.repeat(64), strength: 0.5, fit: 'crop' as const },
    }
    const record = make(request)
    expect(record).toEqual({
      id: record.id,
      fileName: `2026-11/2026-11-22 a-red-fox-in-the-snow ${Number.MAX_SAFE_INTEGER}.png`,
      createdAt: new Date('2026-11-22T12:00:00').getTime(),
      widthPx: 64,
      heightPx: 72,
      sizeBytes: pngOf(request).length,
      request,
      origin: ORIGIN,
      durationMs: 1234,
      isStarred: false,
      trashedAt: null,
    })
    expect(ImageRecord.parse(record)).toEqual(record)
    expect(gallery.details([record.id])).toEqual([record])
    expect(readFileSync(join(options.galleryFolder, record.fileName))).toEqual(pngOf(request))
    expect(changes).toEqual([{ added: [record.id], changed: [], removed: [] }])
  })

  test('nothing is left in staging', async () => {
    const { make, options } = await testGallery()
    make()
    expect(readdirSync(join(options.galleryFolder, '.staging'))).toEqual([])
  })

  test('pictures of the same words, seed and day get names of their own, past files that are not ours too', async () => {
    const { make, options } = await testGallery()
    mkdirSync(join(options.galleryFolder, '2026-11'))
    writeFileSync(
      join(options.galleryFolder, '2026-11/2026-11-22 a-red-fox-in-the-snow 7 (2).png'),
      'a file of the user',
    )
    expect([make(), make()].map(({ fileName }) => fileName)).toEqual([
      '2026-11/2026-11-22 a-red-fox-in-the-snow 7.png',
      '2026-11/2026-11-22 a-red-fox-in-the-snow 7 (3).png',
    ])
  })

  test('a picture that is not there is not-found, and adds no row', async () => {
    const { gallery } = await testGallery()
    const folder = gallery.stagingFolder(randomUUID())
    expect(() => gallery.adopt(RESULT, folder, REQUEST)).toThrow(expect.objectContaining({ code: 'not-found' }))
    expect(gallery.ids(ALL)).toEqual([])
  })

  test('the thumbnail of the run is kept, and made again when it is lost', async () => {
    const { gallery, make } = await testGallery()
    const { id } = make()
    const path = await gallery.filePath(id, 'thumb')
    expect(readFileSync(path, 'utf8')).toBe('thumbnail')
    rmSync(path)
    expect(await Promise.all([gallery.filePath(id, 'thumb'), gallery.filePath(id, 'thumb')])).toEqual([path, path])
    expect(readFileSync(path)).toEqual(pngOf(REQUEST))
    expect(readdirSync(dirname(path))).toHaveLength(1)
  })
})

describe('listing', () => {
  test('newest first or oldest first, and in order of adoption at the same moment', async () => {
    const { gallery, make } = await testGallery()
    const [second, first, third] = [make({}, '2026-11-02'), make({}, '2026-11-01'), make({}, '2026-11-02')]
    expect(gallery.ids({ ...ALL, order: 'oldest' })).toEqual([first.id, second.id, third.id])
    expect(gallery.ids(ALL)).toEqual([third.id, second.id, first.id])
  })

  test('details come in the order asked, without ids that are not known', async () => {
    const { gallery, make } = await testGallery()
    const [a, b, c] = [make(), make(), make()]
    const asked = [c.id, randomUUID(), a.id, b.id]
    expect(gallery.details(asked).map(({ id }) => id)).toEqual([c.id, a.id, b.id])
  })

  test('stars last, and filter the list', async () => {
    const world = await testGallery()
    const [a, b] = [world.make(), world.make()]
    world.gallery.star([a.id, b.id], true)
    world.gallery.star([b.id], false)
    world.gallery.star([b.id], false)
    expect(world.changes.slice(2)).toEqual([
      { added: [], changed: [a.id, b.id], removed: [] },
      { added: [], changed: [b.id], removed: [] },
    ])
    await world.reopen()
    expect(world.gallery.ids({ ...ALL, starredOnly: true })).toEqual([a.id])
    expect(world.gallery.details([a.id, b.id]).map(({ isStarred }) => isStarred)).toEqual([true, false])
  })
})

describe('the trash', () => {
  test('holds the file until it is restored to its own name', async () => {
    const { gallery, make, options, changes } = await testGallery()
    const record = make()
    const own = join(options.galleryFolder, record.fileName)
    await gallery.trash([record.id])
    expect(existsSync(own)).toBe(false)
    expect(gallery.ids(ALL)).toEqual([])
    expect(gallery.details([record.id])[0]?.trashedAt).toBeTypeOf('number')
    const inTrash = await gallery.filePath(record.id, 'full')
    expect(inTrash.startsWith(join(options.dataFolder, 'trash'))).toBe(true)

    await gallery.restore([record.id])
    expect(gallery.details([record.id])).toEqual([record])
    expect(readFileSync(own)).toEqual(pngOf(REQUEST))
    expect(readdirSync(join(options.dataFolder, 'trash'))).toEqual([])
    expect(changes.slice(1)).toEqual([
      { added: [], changed: [], removed: [record.id] },
      { added: [record.id], changed: [], removed: [] },
    ])
  })

  test('an undo asked before the files have moved finds them', async () => {
    const { gallery, make } = await testGallery()
    const ids = [make().id, make().id, make().id]
    await Promise.all([gallery.trash(ids), gallery.restore(ids)])
    expect(gallery.ids(ALL).sort()).toEqual(ids.sort())
    for (const id of ids) expect(existsSync(await gallery.filePath(id, 'full'))).toBe(true)
  })

  test('a restored picture takes another name when its own is taken', async () => {
    const { gallery, make, options } = await testGallery()
    const record = make()
    await gallery.trash([record.id])
    writeFileSync(join(options.galleryFolder, record.fileName), 'a file of the user')
    await gallery.restore([record.id])
    expect(gallery.details([record.id])[0]?.fileName).toBe('2026-11/2026-11-22 a-red-fox-in-the-snow 7 (2).png')
    expect(readFileSync(join(options.galleryFolder, record.fileName), 'utf8')).toBe('a file of the user')
  })

  test('a picture that is gone from the trash is not-found, and the others are restored', async () => {
    const { gallery, make } = await testGallery()
    const [lost, kept] = [make(), make()]
    await gallery.trash([lost.id, kept.id])
    rmSync(await gallery.filePath(lost.id, 'full'))
    await expect(gallery.restore([lost.id, kept.id])).rejects.toMatchObject({ code: 'not-found' })
    expect(gallery.ids(ALL)).toEqual([kept.id])
  })

  test('emptying discards what was trashed until then, by name, and leaves what cannot be discarded', async () => {
    const discarded: string[] = []
    const { gallery, make } = await testGallery({
      discard: (path) => {
        if (path.includes('stubborn')) return Promise.reject(new Error('held by another program'))
        discarded.push(path)
        return rm(path)
      },
    })
    const [gone, stubborn, shown] = [make(), make({ prompt: 'stubborn' }), make()]
    const thumbnail = await gallery.filePath(gone.id, 'thumb')
    await gallery.trash([gone.id, stubborn.id])
    expect(await gallery.emptyTrash(0)).toBe(0)
    expect(await gallery.emptyTrash(Date.now())).toBe(1)
    expect(discarded).toEqual([expect.stringMatching(/2026-11-22 a-red-fox-in-the-snow 7\.png$/)])
    expect(existsSync(thumbnail)).toBe(false)
    expect(gallery.details([gone.id, stubborn.id, shown.id]).map(({ id }) => id)).toEqual([stubborn.id, shown.id])
    await gallery.restore([stubborn.id])
    expect(gallery.ids(ALL).sort()).toEqual([stubborn.id, shown.id].sort())
  })

  test('a move that was interrupted is finished at the next opening', async () => {
    const world = await testGallery()
    const record = world.make()
    await world.gallery.trash([record.id])
    const inTrash = await world.gallery.filePath(record.id, 'full')
    await world.gallery.close()
    // As a process leaves it that dies between writing the row and moving the file.
    writeFileSync(join(world.options.galleryFolder, record.fileName), readFileSync(inTrash))
    rmSync(dirname(inTrash), { recursive: true })
    await world.reopen()
    expect(existsSync(join(world.options.galleryFolder, record.fileName))).toBe(false)
    expect(existsSync(inTrash)).toBe(true)
  })
})

describe('inputs', () => {
  test('are kept by content, once', async () => {
    const { gallery, options } = await testGallery()
    const bytes = pngOf(REQUEST)
    const id = createHash('sha256').update(bytes).digest('hex')
    expect(await gallery.keepInput(bytes)).toEqual({ id, widthPx: 64, heightPx: 72 })
    expect(await gallery.keepInput(bytes)).toEqual({ id, widthPx: 64, heightPx: 72 })
    expect(readdirSync(join(options.dataFolder, 'inputs'))).toEqual([id])
    expect(readFileSync(gallery.inputPath(id))).toEqual(bytes)
  })

  test('bytes that are no picture are refused and not kept', async () => {
    const { gallery, options } = await testGallery()
    await expect(gallery.keepInput(Buffer.from('<html>'))).rejects.toMatchObject({ code: 'invalid-request' })
    expect(readdirSync(join(options.dataFolder, 'inputs'))).toEqual([])
  })

  test('an unknown id is not-found, and an id that is a path too', async () => {
    const { gallery } = await testGallery()
    for (const id of ['b'.repeat(64), '../studio.sqlite']) {
      expect(() => gallery.inputPath(id)).toThrow(expect.objectContaining({ code: 'not-found' }))
    }
  })

  test('are forgotten once nothing names them and they are old', async () => {
    const { gallery, make } = await testGallery()
    const keep = async (seed: number) => (await gallery.keepInput(pngOf({ ...REQUEST, seed }))).id
    const [start, mask, control, unused, fresh] = [
      await keep(1),
      await keep(2),
      await keep(3),
      await keep(4),
      await keep(5),
    ]
    make({
      init: { id: start, strength: 0.5, fit: 'crop', mask: { id: mask, blurPx: 0, fill: 'original', paddingPx: null } },
    })
    const control0 = { id: 'canny', preprocessor: 'canny', fit: 'crop', weight: 1, start: 0, end: 1 } as const
    make({ seed: 8, controls: [{ ...control0, image: control }] })
    for (const id of [start, mask, control, unused]) utimesSync(gallery.inputPath(id), 1, 1)
    expect(await gallery.forgetInputs(1_000_000)).toBe(1)
    expect([start, mask, control, fresh].map((id) => existsSync(gallery.inputPath(id)))).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(() => gallery.inputPath(unused)).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  test('one that is kept again is young again', async () => {
    const { gallery } = await testGallery()
    const bytes = pngOf(REQUEST)
    const { id } = await gallery.keepInput(bytes)
    utimesSync(gallery.inputPath(id), 1, 1)
    await gallery.keepInput(bytes)
    expect(await gallery.forgetInputs(1_000_000)).toBe(0)
  })

  test('a picture used as an input outlives the picture', async () => {
    const { gallery, make } = await testGallery()
    const { id } = make()
    const input = await gallery.useAsInput(id)
    await gallery.trash([id])
    await gallery.emptyTrash(Date.now())
    expect(readFileSync(gallery.inputPath(input.id))).toEqual(pngOf(REQUEST))
  })
})

describe('a session that died', () => {
  test('its finished picture is taken in, and half-written files are removed', async () => {
    const world = await testGallery()
    const jobId = randomUUID()
    const dead = join(world.options.galleryFolder, '.staging', randomUUID())
    for (const job of [jobId, randomUUID()]) mkdirSync(join(dead, job), { recursive: true })
    stage(join(dead, jobId), REQUEST, '2026-11-20')
    const half = readdirSync(dead).find((name) => name !== jobId) ?? ''
    writeFileSync(join(dead, half, 'picture.png'), pngOf(REQUEST).subarray(0, -20))
    await world.reopen()
    const [record, ...others] = world.gallery.details(world.gallery.ids(ALL))
    expect(others).toEqual([])
    expect(record).toMatchObject({
      fileName: '2026-11/2026-11-20 a-red-fox-in-the-snow 7.png',
      request: REQUEST,
      widthPx: 64,
    })
    expect(existsSync(dead)).toBe(false)
  })

  test('the staging folders of a session that lives are left alone', async () => {
    const first = await testGallery()
    const folder = first.gallery.stagingFolder(randomUUID())
    stage(folder, REQUEST)
    const second = await testGallery(first.options)
    expect(second.gallery.ids(ALL)).toEqual([])
    const { id } = first.gallery.adopt(RESULT, folder, REQUEST)
    expect(second.gallery.ids(ALL)).toEqual([id])
  })
})

test('a picture that another process adds is told of once, and own pictures are not', async () => {
  const first = await testGallery()
  const second = await testGallery({ ...first.options, onChange: () => undefined })
  first.make()
  first.gallery.noticeOthers()
  const other = second.make()
  const own = first.make()
  first.changes.length = 0
  first.gallery.noticeOthers()
  first.gallery.noticeOthers()
  expect(first.changes).toEqual([{ added: [other.id], changed: [], removed: [] }])
  expect(first.gallery.ids(ALL)).toContain(own.id)
})

test('files made before any picture was adopted do not disturb the times', async () => {
  const { gallery, make, options } = await testGallery()
  const record = make({}, '2020-02-29')
  expect(record.fileName).toMatch(/^2020-02\/2020-02-29 /)
  utimesSync(join(options.galleryFolder, record.fileName), new Date(), new Date())
  expect(gallery.details([record.id])[0]?.createdAt).toBe(record.createdAt)
})
