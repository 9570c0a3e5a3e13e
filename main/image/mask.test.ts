import { describe, expect, test } from 'vitest'
import sharp from 'sharp'
import { tensor } from '../tensor/tensor.ts'
import {
  fittedMask,
  latentMask,
  maskedPicture,
  overlaid,
  paddedRegion,
  readMask,
  repaintedRegion,
  softened,
} from './mask.ts'
import type { Mask } from './mask.ts'
import { pictureTensor } from './picture.ts'
import type { Region } from './picture.ts'

/** Black with a white rectangle. */
function rectangle(widthPx: number, heightPx: number, { left, top, ...size }: Region): Mask {
  const data = new Uint8Array(widthPx * heightPx)
  for (let y = top; y < top + size.heightPx; y++) data.fill(255, y * widthPx + left, y * widthPx + left + size.widthPx)
  return { data, widthPx, heightPx }
}

const png = ({ data, widthPx, heightPx }: Mask) =>
  sharp(data, { raw: { width: widthPx, height: heightPx, channels: 1 } })
    .png()
    .toBuffer()

const wide = rectangle(32, 16, { left: 8, top: 4, widthPx: 6, heightPx: 3 })

describe('a mask', () => {
  test('is read at the size of the picture it lies on', async () => {
    expect((await readMask(await png(wide), wide)).data).toEqual(Buffer.from(wide.data))
    const twice = await readMask(await png(wide), { widthPx: 64, heightPx: 32 })
    const row = [...twice.data.subarray(11 * 64, 12 * 64)]
    expect([row[14], row[17], row[26], row[30]]).toEqual([0, 255, 255, 0])
  })

  test('keeps what is transparent in its picture', async () => {
    const data = Buffer.from([255, 255, 255, 255, 255, 255, 255, 0])
    const picture = await sharp(data, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer()
    expect([...(await readMask(picture, { widthPx: 2, heightPx: 1 })).data]).toEqual([255, 0])
  })

  test.each(['crop', 'contain', 'stretch'] as const)(
    'is brought to another shape as its picture is: %s',
    async (fit) => {
      const target = { widthPx: 16, heightPx: 16, fit }
      const mask = await fittedMask(wide, target)
      const picture = await pictureTensor(await png(wide), target)
      const [region] = [repaintedRegion(mask)]
      const bright = picture.data.slice(0, 256).map((value) => (value >= 0 ? 255 : 0))
      expect(region).not.toBeNull()
      expect(region).toEqual(repaintedRegion({ data: Uint8Array.from(bright), widthPx: 16, heightPx: 16 }))
    },
  )

  test('has no edge that rings into what is kept', async () => {
    const { data } = await fittedMask(wide, { widthPx: 128, heightPx: 64, fit: 'stretch' })
    expect(data[0]).toBe(0)
    expect(data[8 * 128 + 26]).toBe(0)
  })

  test('is softened across its edge, not elsewhere', async () => {
    const half = rectangle(64, 8, { left: 32, top: 0, widthPx: 32, heightPx: 8 })
    const { data } = await softened(half, 2)
    expect([data[0], data[20], data[63]]).toEqual([0, 0, 255])
    expect(data[31]).toBeGreaterThan(64)
    expect(data[32]).toBeLessThan(192)
    expect(await softened(half, 0)).toBe(half)
  })

  test('that is black has no region', () => {
    expect(repaintedRegion({ ...wide, data: new Uint8Array(32 * 16) })).toBeNull()
  })
})

test.each([
  ['widened to the proportions', { left: 40, top: 40, widthPx: 10, heightPx: 10 }, 5, [25, 35, 40, 20]],
  ['moved in from an edge', { left: 0, top: 0, widthPx: 10, heightPx: 10 }, 5, [0, 0, 40, 20]],
  ['no larger than the picture', { left: 0, top: 0, widthPx: 90, heightPx: 90 }, 20, [0, 0, 100, 100]],
])('a region with padding is %s', (_, region, padding, expected) => {
  const { left, top, widthPx, heightPx } = paddedRegion(
    region,
    padding,
    { widthPx: 128, heightPx: 64 },
    { widthPx: 100, heightPx: 100 },
  )
  expect([left, top, widthPx, heightPx]).toEqual(expected)
})

test('in latent cells a mask takes each cell’s first pixel, or any', () => {
  const mask = rectangle(16, 16, { left: 7, top: 0, widthPx: 3, heightPx: 8 })
  expect([...latentMask(mask, 8, 'nearest').data]).toEqual([0, 1, 0, 0])
  expect([...latentMask(mask, 8, 'any').data]).toEqual([1, 1, 0, 0])
})

test('an inpainting network is shown grey where is repainted', () => {
  const picture = tensor([1, 3, 1, 2], Float32Array.of(1, 2, 3, 4, 5, 6))
  expect([...maskedPicture(picture, { data: Uint8Array.of(0, 255), widthPx: 2, heightPx: 1 }).data]).toEqual([
    1, 0, 3, 0, 5, 0,
  ])
})

test('what was made is laid over the picture at its place and nowhere else', () => {
  const picture = tensor([1, 3, 2, 3], new Float32Array(18).fill(0.25))
  const made = tensor([1, 3, 1, 2], Float32Array.of(1, -1, 1, -1, 1, NaN))
  const mask = { data: Uint8Array.of(255, 255, 255, 0, 255, 0), widthPx: 3, heightPx: 2 }
  const { data } = overlaid(made, picture, mask, { left: 1, top: 1 })
  const expected = new Float32Array(18).fill(0.25)
  for (const at of [4, 10, 16]) expected[at] = 1
  expect(data).toEqual(expected)
})
