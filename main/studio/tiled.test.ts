import { expect, test } from 'vitest'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { decoderTiling, encoderTiling, inTiles } from './tiled.ts'

/** Each cell as a square of `scale` by `scale`. */
function enlarged({ shape, data }: Tensor, scale: number): Tensor {
  const [batch = 0, channels = 0, height = 0, width = 0] = shape
  const large = tensor([batch, channels, height * scale, width * scale])
  for (let i = 0; i < large.data.length; i++) {
    const x = Math.floor((i % (width * scale)) / scale)
    const y = Math.floor(i / (width * scale)) % (height * scale)
    const plane = Math.floor(i / (width * height * scale * scale))
    large.data[i] = data[(plane * height + Math.floor(y / scale)) * width + x] ?? 0
  }
  return large
}

/** The first of each square. */
function reduced({ shape, data }: Tensor, scale: number): Tensor {
  const [batch = 0, channels = 0, height = 0, width = 0] = shape
  const small = tensor([batch, channels, height / scale, width / scale])
  const columns = width / scale
  for (let i = 0; i < small.data.length; i++) {
    const row = Math.floor(i / columns)
    small.data[i] = data[row * scale * width + (i % columns) * scale] ?? 0
  }
  return small
}

function largestDifference(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape)
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.data[i] ?? NaN))), 0)
}

test.for([
  [64, 64],
  [17, 40],
  [16, 113],
  [33, 9],
])('what looks at single cells comes out of tiles as of the whole: %d by %d cells', async ([height = 0, width = 0]) => {
  const latent = gaussianNoise(1, 0, [1, 4, height, width])
  const tiled = await inTiles(latent, decoderTiling(128, 8), (part) => Promise.resolve(enlarged(part, 8)))
  expect(largestDifference(tiled, enlarged(latent, 8))).toBeLessThan(1e-5)
  const image = enlarged(latent, 8)
  const back = await inTiles(image, encoderTiling(128, 8), (part) => Promise.resolve(reduced(part, 8)))
  expect(largestDifference(back, latent)).toBeLessThan(1e-5)
})

test('no tile is larger than asked, all are of one size, and each is told before', async () => {
  const [sizes, told]: [string[], string[]] = [[], []]
  await inTiles(
    tensor([1, 1, 20, 50]),
    decoderTiling(128, 8),
    (part) => {
      sizes.push(part.shape.slice(2).join('x'))
      return Promise.resolve(enlarged(part, 8))
    },
    (done, count) => {
      told.push(`${done}/${count}`)
      return Promise.resolve()
    },
  )
  expect(new Set(sizes)).toEqual(new Set(['12x16']))
  expect(told).toEqual(Array.from({ length: 8 }, (_, i) => `${i}/8`))
})

test('a tile that another level shifts fades in without a step', async () => {
  let level = 0
  const latent = tensor([1, 1, 16, 64])
  const { data } = await inTiles(latent, decoderTiling(256, 8), (part) => {
    level += 1
    const [, , height = 0, width = 0] = part.shape
    return Promise.resolve(tensor([1, 1, height * 8, width * 8], new Float32Array(height * width * 64).fill(level)))
  })
  const row = data.subarray(0, 64 * 8)
  const steps = Array.from(row.subarray(1), (value, i) => value - (row[i] ?? 0))
  expect(row.at(0)).toBeCloseTo(1, 5)
  expect(row.at(-1)).toBeCloseTo(level, 5)
  // Of a rise of 1 over at least 64 pixels.
  expect(Math.max(...steps)).toBeLessThan(2 / 64)
})
