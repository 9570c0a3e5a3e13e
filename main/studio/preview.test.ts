import { expect, test } from 'vitest'
import { tensor } from '../tensor/tensor.ts'
import { PreviewBudget, roughPicture } from './preview.ts'

test('a cell of a latent becomes a pixel of the colour its channels stand for', () => {
  const latent = tensor([1, 4, 1, 2], Float32Array.of(1, 0, 0, 1, 0, 0, 0, 0))
  const { shape, data } = roughPicture(latent)
  expect(shape).toEqual([1, 3, 1, 2])
  expect([...data].map((value) => Number(value.toFixed(3)))).toEqual([0.298, 0.187, 0.207, 0.286, 0.208, 0.173])
})

test('after a preview the next waits until previews have had no more than their share of the time', () => {
  const budget = new PreviewBudget(0.2)
  expect(budget.allows(0)).toBe(true)
  budget.spent(0, 10)
  expect(budget.allows(49)).toBe(false)
  expect(budget.allows(50)).toBe(true)
})
