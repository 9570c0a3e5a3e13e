import { expect, test } from 'vitest'
import type { ImageRecord } from '../../main/contract/image.ts'
import { createApi } from '../api.ts'
import { picture, scriptedStudio } from '../fixtures/scripted-transport.ts'
import { GalleryState } from './gallery.svelte.ts'

/** A gallery over a list of records that a test changes as the database would. */
async function galleryOf(numbers: readonly number[]) {
  const rows = new Map(numbers.map((number) => [picture(number).id, picture(number)]))
  const newestFirst = () => [...rows.values()].sort((a, b) => b.createdAt - a.createdAt).map(({ id }) => id)
  const { transport, asked } = scriptedStudio([], {
    'gallery.ids': newestFirst,
    'gallery.details': (ids) => ids.map((id) => rows.get(id)).filter((row): row is ImageRecord => row !== undefined),
  })
  const gallery = new GalleryState(createApi(transport))
  await gallery.load()
  return { gallery, rows, asked }
}

test('a new picture comes first without asking for all ids again', async () => {
  const { gallery, rows, asked } = await galleryOf([1, 2])
  await gallery.want(gallery.ids)
  const made = picture(3)
  rows.set(made.id, made)
  await gallery.apply({ added: [made.id], changed: [], removed: [] })
  expect(gallery.ids).toEqual([3, 2, 1].map((number) => picture(number).id))
  expect(asked.filter(({ name }) => name === 'gallery.ids')).toHaveLength(1)
})

test('a restored picture goes back to its place', async () => {
  const { gallery, rows } = await galleryOf([1, 3])
  await gallery.want(gallery.ids)
  rows.set(picture(2).id, picture(2))
  await gallery.apply({ added: [picture(2).id], changed: [], removed: [] })
  expect(gallery.ids).toEqual([3, 2, 1].map((number) => picture(number).id))
})

test('a changed picture is read anew, a removed one is gone', async () => {
  const { gallery, rows } = await galleryOf([1, 2])
  await gallery.want(gallery.ids)
  rows.set(picture(1).id, picture(1, { isStarred: true }))
  await gallery.apply({ added: [], changed: [picture(1).id], removed: [picture(2).id] })
  expect(gallery.record(picture(1).id)?.isStarred).toBe(true)
  expect(gallery.ids).toEqual([picture(1).id])
})

test('records that are here or on their way are not asked for again', async () => {
  const { gallery, asked } = await galleryOf([1, 2])
  await Promise.all([gallery.want(gallery.ids), gallery.want(gallery.ids)])
  await gallery.want(gallery.ids)
  expect(asked.filter(({ name }) => name === 'gallery.details')).toHaveLength(1)
})

test('of what is watched, what was scrolled past before its turn is never asked for', async () => {
  const { gallery, asked } = await galleryOf(Array.from({ length: 1000 }, (_, index) => index))
  const parts = [gallery.ids.slice(0, 50), gallery.ids.slice(400, 450), gallery.ids.slice(900, 950)]
  await Promise.all(parts.map((part) => gallery.watch(part)))
  await expect.poll(() => gallery.record(gallery.ids[949] ?? '')).toBeDefined()
  const wanted = asked.filter(({ name }) => name === 'gallery.details').map(({ input }) => input)
  expect(wanted).toEqual([parts[0], parts[2]])
})

test('a row that cannot be read is not asked for again and again', async () => {
  const { gallery, rows, asked } = await galleryOf([1, 2])
  rows.delete(picture(1).id)
  await gallery.watch(gallery.ids)
  await gallery.watch(gallery.ids)
  expect(asked.filter(({ name }) => name === 'gallery.details')).toHaveLength(1)
})

test('many changes at once are taken in together', async () => {
  const { gallery, rows, asked } = await galleryOf([1, 500])
  const restored = Array.from({ length: 300 }, (_, index) => picture(index + 100))
  for (const row of restored) rows.set(row.id, row)
  await Promise.all(restored.map(({ id }) => gallery.apply({ added: [id], changed: [], removed: [] })))
  expect(gallery.ids).toHaveLength(302)
  expect(asked.filter(({ name }) => name === 'gallery.ids').length).toBeLessThan(5)
})
