import { expect, test } from 'vitest'
import { tensor } from '../tensor/tensor.ts'
import { SD_LATENT_COLOURS } from '../checkpoint/families/latent-colours.ts'
import { halved, roughPicture } from './preview.ts'

test('a cell of a latent becomes a pixel of the colour its channels stand for', () => {
  const latent = tensor([1, 4, 1, 2], Float32Array.of(1, 0, 0, 1, 0, 0, 0, 0))
  const { shape, data } = roughPicture(latent, SD_LATENT_COLOURS)
  expect(shape).toEqual([1, 3, 1, 2])
  expect([...data].map((value) => Number(value.toFixed(3)))).toEqual([0.298, 0.187, 0.207, 0.286, 0.208, 0.173])
})

test('half the size is the mean of each four cells, channel by channel', () => {
  const latent = tensor([1, 2, 2, 3], Float32Array.of(1, 3, 9, 5, 7, 9, 10, 30, 90, 50, 70, 90))
  expect(halved(latent)).toEqual(tensor([1, 2, 1, 1], Float32Array.of(4, 40)))
})
