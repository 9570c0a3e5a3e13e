import { expect, it } from 'vitest'
import { BoundedFile } from '../bounded-file.ts'
import { dataPlaces } from './storage-places.ts'
import { zipBytes } from './test-writer.ts'
import type { ZipFile } from './test-writer.ts'
import { readZipDirectory } from './zip.ts'

const COUNT = 200

/** Entries that each hold their own number, of many lengths. */
function numbered(change: (file: ZipFile, i: number) => ZipFile = (file) => file): ZipFile[] {
  return Array.from({ length: COUNT }, (_, i) =>
    change({ name: `archive/data/${i}`, bytes: new Uint8Array(1 + (i % 97)).fill(i) }, i),
  )
}

/** Whether every entry was found where its number is, and how many reads that took. */
async function found(bytes: Buffer): Promise<{ isRight: boolean; reads: number }> {
  let reads = 0
  const file = new BoundedFile('/models/test.ckpt', bytes.length, (offset, length) => {
    reads++
    return Promise.resolve(Uint8Array.from(bytes.subarray(offset, offset + length)))
  })
  const names = numbered().map(({ name }) => name)
  const places = await dataPlaces(file, await readZipDirectory(file), names)
  const isRight = names.every((name, i) => {
    const { offset = 0, sizeBytes = 0 } = places.get(name) ?? {}
    return sizeBytes === 1 + (i % 97) && bytes.subarray(offset, offset + sizeBytes).every((byte) => byte === i)
  })
  return { isRight, reads }
}

it('reads few headers of an archive that torch laid out', async () => {
  const { isRight, reads } = await found(zipBytes(numbered()))
  expect(isRight).toBe(true)
  expect(reads).toBeLessThan(8)
})

it.each([
  ['one entry filled up otherwise', numbered((file, i) => (i === 77 ? { ...file, padding: 9 } : file))],
  ['no filling at all, as other archivers write', numbered((file) => ({ ...file, padding: 0 }))],
])('reads every header where there is %s', async (_, files) => {
  const { isRight, reads } = await found(zipBytes(files))
  expect(isRight).toBe(true)
  expect(reads).toBeGreaterThan(COUNT)
})
