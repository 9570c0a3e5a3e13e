import { expect, test } from 'vitest'
import { tensor } from '../tensor/tensor.ts'
import { clipPicture } from './clip-picture.ts'
import { previewDataUrl } from './picture.ts'

/** A PNG whose pixels are red, green and blue from -1 to 1 as `colour` says. */
function png(width: number, height: number, colour: (x: number, y: number) => readonly number[]): Uint8Array {
  const picture = tensor([1, 3, height, width])
  for (let i = 0; i < picture.data.length; i++) {
    const at = i % (width * height)
    picture.data[i] = colour(at % width, Math.floor(at / width))[Math.floor(i / (width * height))] ?? 0
  }
  const url = previewDataUrl(picture)
  return new Uint8Array(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'))
}

test('each colour is normalised as CLIP was trained', async () => {
  const { shape, data } = await clipPicture(
    png(8, 8, () => [1, -1, 1]),
    8,
  )
  expect(shape).toEqual([1, 3, 8, 8])
  expect(data[0]).toBeCloseTo((1 - 0.48145466) / 0.26862954, 5)
  expect(data[64]).toBeCloseTo(-0.4578275 / 0.26130258, 5)
  expect(data[128]).toBeCloseTo((1 - 0.40821073) / 0.27577711, 5)
})

test('the shorter edge fills the size and the middle of the longer one is seen', async () => {
  const thirds = (at: number) => (at < 16 ? [-1, -1, -1] : at < 32 ? [1, 1, 1] : [-1, -1, -1])
  for (const picture of [png(48, 16, (x) => thirds(x)), png(16, 48, (_, y) => thirds(y))]) {
    const { data } = await clipPicture(picture, 16)
    const whites = data.subarray(0, 256).filter((value) => value > 1.9).length
    expect(whites).toBe(256)
  }
})

test('a larger picture is averaged, not sampled', async () => {
  const checks = png(64, 64, (x, y) => ((x + y) % 2 === 0 ? [1, 1, 1] : [-1, -1, -1]))
  const { data } = await clipPicture(checks, 16)
  const middle = data[8 * 16 + 8] ?? NaN
  expect(Math.abs(middle * 0.26862954 + 0.48145466 - 0.5)).toBeLessThan(0.02)
})
