import { StudioError } from '../contract/failure.ts'
import { openPicture, nameOf } from './picture-source.ts'
import type { PictureSource } from './picture-source.ts'

/** How two pictures differ, in steps of 255. */
interface PictureDifference {
  readonly largest: number
  readonly mean: number
}

/**
 * The difference of two pictures' red, green and blue.
 * @throws StudioError invalid-request when they are not of one size, or one is no picture
 */
export async function pictureDifference(a: PictureSource, b: PictureSource): Promise<PictureDifference> {
  const [first, second] = [await colours(a), await colours(b)]
  if (first.size !== second.size) {
    throw new StudioError('invalid-request', `${nameOf(b)}: expected a picture of ${first.size}, found ${second.size}`)
  }
  let [largest, sum] = [0, 0]
  for (const [i, value] of first.data.entries()) {
    const difference = Math.abs(value - (second.data[i] ?? 0))
    largest = Math.max(largest, difference)
    sum += difference
  }
  return { largest, mean: sum / first.data.length }
}

async function colours(source: PictureSource): Promise<{ data: Uint8Array; size: string }> {
  const picture = openPicture(source).flatten({ background: '#ffffff' }).toColourspace('srgb')
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true })
  return { data, size: `${info.width}x${info.height}` }
}
