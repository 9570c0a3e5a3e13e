import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import { buildAutoencoderDecoder, buildAutoencoderEncoder } from '../network/autoencoder.ts'
import { loadNetwork } from '../runtime/network.ts'
import type { Network } from '../runtime/network.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { decoderTiling, encoderTiling, inTiles } from './tiled.ts'

const STARTER = join(import.meta.dirname, '../../resources/models/starter')
const SIZE_PX = 256
const TILE_PX = 128

let decoder: Network
let encoder: Network
let factor: number

beforeAll(async () => {
  const { autoencoder } = await openCheckpoint(STARTER)
  factor = 2 ** (autoencoder.config.blockChannels.length - 1)
  decoder = await loadNetwork(buildAutoencoderDecoder(autoencoder), { memory: 'small' })
  encoder = await loadNetwork(buildAutoencoderEncoder(autoencoder), { memory: 'small' })
  return async () => {
    await decoder.release()
    await encoder.release()
  }
})

const decode = async (latent: Tensor) => found((await decoder.run({ latent }))['image'])
const encode = async (image: Tensor) => found((await encoder.run({ image }))['mean'])

function found(value: Tensor | undefined): Tensor {
  if (!value) throw new Error('expected an output, found none')
  return value
}

/** Soft colours with discs on them, as a picture has smooth places and edges. */
function picture(): Tensor {
  const image = tensor([1, 3, SIZE_PX, SIZE_PX])
  for (let i = 0; i < image.data.length; i++) {
    const [x, y] = [i % SIZE_PX, Math.floor(i / SIZE_PX) % SIZE_PX]
    const colour = Math.floor(i / SIZE_PX ** 2)
    const isDisc = Math.hypot((x % 64) - 32, (y % 64) - 32) < 20
    image.data[i] = isDisc ? 0.6 - 0.5 * colour : 0.5 * Math.sin((x + 2 * y) / 60 + colour)
  }
  return image
}

function meanDifference(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape)
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - (b.data[i] ?? NaN)), 0) / a.data.length
}

/** The mean step from each column to the next, of the difference between two pictures. */
function steps(a: Tensor, b: Tensor): number[] {
  const columns = Array.from({ length: SIZE_PX - 1 }, () => 0)
  for (let i = 0; i < a.data.length - 1; i++) {
    const x = i % SIZE_PX
    if (x === SIZE_PX - 1) continue
    const difference = (at: number) => (a.data[at] ?? 0) - (b.data[at] ?? 0)
    columns[x] = (columns[x] ?? 0) + Math.abs(difference(i + 1) - difference(i)) / (3 * SIZE_PX)
  }
  return columns
}

test('a picture decoded in tiles is that decoded at once but for a half of a hundredth of its range, and shows no seam', async () => {
  const latent = await encode(picture())
  const whole = await decode(latent)
  const tiled = await inTiles(latent, decoderTiling(TILE_PX, factor), decode)
  // Of a range of 2. Each tile's group norms see that tile's values alone.
  expect(meanDifference(tiled, whole)).toBeLessThan(0.015)
  // One and a half of 256 levels.
  expect(Math.max(...steps(tiled, whole))).toBeLessThan(3 / 256)
})

test('a picture encoded in tiles has the latent of the whole but for a few hundredths of its spread', async () => {
  const image = picture()
  const whole = await encode(image)
  const tiled = await inTiles(image, encoderTiling(TILE_PX, factor), encode)
  const spread = whole.data.reduce((sum, value) => sum + Math.abs(value), 0) / whole.data.length
  expect(meanDifference(tiled, whole) / spread).toBeLessThan(0.08)
})
