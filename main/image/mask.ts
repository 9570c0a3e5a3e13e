import sharp from 'sharp'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { fitted } from './picture.ts'
import type { FitTarget, Region, Size } from './picture.ts'
import { openPicture, unreadable } from './picture-source.ts'
import type { PictureSource } from './picture-source.ts'

/** Where a picture is repainted: a byte a pixel, rows from the top, 255 repaints and 0 keeps. */
export interface Mask extends Size {
  readonly data: Uint8Array
}

/** From here on a pixel counts as repainted where there is no between, as in the originals. */
const HALF = 128
/** sharp blurs by no less. */
const LEAST_BLUR_PX = 0.3

/**
 * A mask's picture, stretched to the size of the picture it lies on: white repaints, black and transparent parts keep.
 * @throws StudioError invalid-request, not-found for a file that is no picture
 */
export async function readMask(source: PictureSource, { widthPx, heightPx }: Size): Promise<Mask> {
  const grey = openPicture(source).flatten({ background: '#000000' }).greyscale()
  const resized = grey.resize({ width: widthPx, height: heightPx, fit: 'fill', kernel: 'linear' })
  try {
    return { data: await resized.extractChannel(0).raw().toBuffer(), widthPx, heightPx }
  } catch (cause) {
    throw unreadable(source, cause)
  }
}

/** The mask brought to the target as `pictureTensor` brings the picture it lies on. */
export async function fittedMask(mask: Mask, target: FitTarget): Promise<Mask> {
  // Linear: Lanczos rings, and would repaint a little of what is kept.
  const pipeline = fitted(pipelineOf(mask), mask, target, 'linear')
  const data = await pipeline.extractChannel(0).raw().toBuffer()
  return { data, widthPx: target.widthPx, heightPx: target.heightPx }
}

/** The mask with its edges softened by a Gaussian of this deviation; the same mask for (almost) none. */
export async function softened(mask: Mask, deviationPx: number): Promise<Mask> {
  if (deviationPx < LEAST_BLUR_PX) return mask
  const data = await pipelineOf(mask).blur(deviationPx).extractChannel(0).raw().toBuffer()
  return { ...mask, data }
}

/** The smallest region that holds all that is repainted; null where nothing is. */
export function repaintedRegion({ data, widthPx, heightPx }: Mask): Region | null {
  let [left, top, right, bottom] = [widthPx, heightPx, -1, -1]
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      if ((data[y * widthPx + x] ?? 0) < HALF) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y)
    }
  }
  return right < 0 ? null : { left, top, widthPx: right - left + 1, heightPx: bottom - top + 1 }
}

/**
 * A region with padding around it, widened to the proportions of the target as far as the picture goes, and moved into
 * the picture.
 */
export function paddedRegion(region: Region, paddingPx: number, target: Size, picture: Size): Region {
  const width = Math.min(region.widthPx + 2 * paddingPx, picture.widthPx)
  const height = Math.min(region.heightPx + 2 * paddingPx, picture.heightPx)
  const ratio = target.widthPx / target.heightPx
  const widthPx = Math.min(Math.max(width, Math.round(height * ratio)), picture.widthPx)
  const heightPx = Math.min(Math.max(height, Math.round(width / ratio)), picture.heightPx)
  const place = (start: number, inner: number, outer: number, limit: number) =>
    Math.min(Math.max(Math.round(start + inner / 2 - outer / 2), 0), limit - outer)
  return {
    left: place(region.left, region.widthPx, widthPx, picture.widthPx),
    top: place(region.top, region.heightPx, heightPx, picture.heightPx),
    widthPx,
    heightPx,
  }
}

/**
 * The mask in latent cells of `factor` pixels a side, [1, 1, h, w] of 0 and 1.
 * @param rule `nearest` takes each cell's first pixel, as PyTorch's interpolation that inpainting networks were trained
 *   with; `any` repaints each cell that a repainted pixel touches, so that no stroke is lost
 */
export function latentMask({ data, widthPx, heightPx }: Mask, factor: number, rule: 'nearest' | 'any'): Tensor {
  const cells = tensor([1, 1, Math.floor(heightPx / factor), Math.floor(widthPx / factor)])
  const [, , height = 0, width = 0] = cells.shape
  const reach = rule === 'nearest' ? 1 : factor
  for (let y = 0; y < height * factor; y++) {
    if (y % factor >= reach) continue
    for (let x = 0; x < width * factor; x++) {
      if (x % factor >= reach || (data[y * widthPx + x] ?? 0) < HALF) continue
      cells.data[Math.floor(y / factor) * width + Math.floor(x / factor)] = 1
    }
  }
  return cells
}

/** The picture [1, 3, h, w] in mid grey, 0, where the mask repaints: what an inpainting network is shown. */
export function maskedPicture(picture: Tensor, { data }: Mask): Tensor {
  return tensor(
    picture.shape,
    picture.data.map((value, i) => ((data[i % data.length] ?? 0) < HALF ? value : 0)),
  )
}

/**
 * What was made, laid over the picture by the mask; where that is 0 the picture stays bit by bit.
 * @param made   [1, 3, h, w], at `at` in the picture
 * @param mask   of the picture's size
 */
export function overlaid(made: Tensor, picture: Tensor, mask: Mask, at = { left: 0, top: 0 }): Tensor {
  const result = tensor(picture.shape, picture.data.slice())
  const [, , madeHeight = 0, madeWidth = 0] = made.shape
  const size = mask.widthPx * mask.heightPx
  for (let i = 0; i < made.data.length; i++) {
    const [x, row] = [i % madeWidth, Math.floor(i / madeWidth)]
    const cell = (at.top + (row % madeHeight)) * mask.widthPx + at.left + x
    const share = (mask.data[cell] ?? 0) / 255
    const target = Math.floor(row / madeHeight) * size + cell
    if (share > 0) result.data[target] = share * (made.data[i] ?? 0) + (1 - share) * (picture.data[target] ?? 0)
  }
  return result
}

function pipelineOf({ data, widthPx, heightPx }: Mask) {
  return sharp(data, { raw: { width: widthPx, height: heightPx, channels: 1 } })
}
