import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'

/**
 * A rough picture of a latent [1, c, h, w] in the U-Net's scale, one pixel a cell: [1, 3, h, w] in -1 to 1.
 * @param colours what each channel adds to red, green and blue
 */
export function roughPicture({ shape, data }: Tensor, colours: readonly (readonly number[])[]): Tensor {
  const [, channels = 0, height = 0, width = 0] = shape
  const cells = height * width
  const picture = tensor([1, 3, height, width])
  for (const [channel, factors] of colours.slice(0, channels).entries()) {
    for (const [colour, factor] of factors.entries()) {
      for (let i = 0; i < cells; i++) {
        const at = colour * cells + i
        picture.data[at] = (picture.data[at] ?? 0) + factor * (data[channel * cells + i] ?? 0)
      }
    }
  }
  return picture
}

/** [n, c, h, w] at half the height and width, each cell the mean of four; odd last rows and columns are left out. */
export function halved({ shape, data }: Tensor): Tensor {
  const [count = 0, channels = 0, height = 0, width = 0] = shape
  const half = tensor([count, channels, Math.floor(height / 2), Math.floor(width / 2)])
  const [, , halfHeight = 0, halfWidth = 0] = half.shape
  for (let i = 0; i < half.data.length; i++) {
    const x = i % halfWidth
    const y = Math.floor(i / halfWidth) % halfHeight
    const plane = Math.floor(i / (halfWidth * halfHeight))
    const at = plane * height * width + 2 * y * width + 2 * x
    const sum = [at, at + 1, at + width, at + width + 1].reduce((total, cell) => total + (data[cell] ?? 0), 0)
    half.data[i] = sum / 4
  }
  return half
}
