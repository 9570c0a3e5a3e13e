import { expect, test } from 'vitest'
import { controlPicture, controlPreview } from './control-picture.ts'
import { previewDataUrl, readPicture } from './picture.ts'
import { tensor } from '../tensor/tensor.ts'

/** A PNG, left half black, right half white. */
function halves(width: number, height: number): Uint8Array {
  const picture = tensor([1, 3, height, width])
  for (let i = 0; i < picture.data.length; i++) picture.data[i] = i % width < width / 2 ? -1 : 1
  return bytesOf(previewDataUrl(picture))
}

function bytesOf(dataUrl: string): Uint8Array {
  return new Uint8Array(Buffer.from(dataUrl.slice(dataUrl.indexOf(',') + 1), 'base64'))
}

test('a control picture is from 0 to 1, at the size asked for', async () => {
  const options = { preprocessor: 'none', fit: 'stretch', widthPx: 16, heightPx: 8 } as const
  const { shape, data } = await controlPicture(halves(16, 8), options)
  expect(shape).toEqual([1, 3, 8, 16])
  expect([...data.subarray(0, 16)]).toEqual([...Array<number>(8).fill(0), ...Array<number>(8).fill(1)])
})

test('lines are drawn at the size of the result, so that they are one pixel wide there', async () => {
  const options = { preprocessor: 'canny', fit: 'stretch', widthPx: 64, heightPx: 32 } as const
  const { data } = await controlPicture(halves(16, 8), options)
  const middle = data.subarray(64 * 16, 64 * 17)
  expect(middle.filter((value) => value === 1)).toHaveLength(1)
  expect([31, 32]).toContain(middle.indexOf(1))
})

test('a preview is a PNG of at most 512 px a side, in the proportions of the result', async () => {
  const options = { preprocessor: 'invert', fit: 'crop', widthPx: 1024, heightPx: 256 } as const
  const preview = await controlPreview(halves(16, 8), options)
  expect(await readPicture(bytesOf(preview))).toMatchObject({ format: 'png', widthPx: 512, heightPx: 128 })
})
