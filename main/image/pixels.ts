import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Interleaved 8-bit RGB, rows from the top. */
export interface Pixels {
  readonly data: Uint8ClampedArray
  readonly widthPx: number
  readonly heightPx: number
}

/**
 * [1, 3, h, w] in [-1, 1] as pixels: (v + 1) · 127.5, rounded to the nearest whole number and clamped to 0-255. The
 * one tie, 0, becomes 128, as in diffusers; not-a-number becomes 0.
 * @throws RangeError for another shape
 */
export function toPixels({ shape, data }: Tensor): Pixels {
  const [count, channels, heightPx = 0, widthPx = 0] = shape
  if (count !== 1 || channels !== 3 || shape.length !== 4) {
    throw new RangeError(`expected a picture of shape [1, 3, h, w], found [${shape.join(', ')}]`)
  }
  const size = heightPx * widthPx
  const pixels = new Uint8ClampedArray(3 * size) // rounds and clamps on assignment
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < size; i++) pixels[3 * i + channel] = ((data[channel * size + i] ?? 0) + 1) * 127.5
  }
  return { data: pixels, widthPx, heightPx }
}

/** Interleaved 8-bit RGB as [1, 3, h, w]: p / 127.5 - 1. */
export function fromPixels(pixels: Uint8Array, widthPx: number, heightPx: number): Tensor {
  const size = heightPx * widthPx
  const data = new Float32Array(3 * size)
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < size; i++) data[channel * size + i] = (pixels[3 * i + channel] ?? 0) / 127.5 - 1
  }
  return tensor([1, 3, heightPx, widthPx], data)
}
