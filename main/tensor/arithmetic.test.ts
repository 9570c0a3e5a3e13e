import { describe, expect, test } from 'vitest'
import { clamped, lerp, scaled, weightedSum } from './arithmetic.ts'
import { concatBatch, expandBatch, sliceBatch } from './batch.ts'
import { tensor } from './tensor.ts'

const row = (...values: number[]) => tensor([1, values.length], Float32Array.from(values))

describe('arithmetic', () => {
  test('sums in float64 and rounds once', () => {
    // in float32, 1e8 + 1 is 1e8
    expect([...weightedSum([1e8, row(1)], [1, row(1)], [-1e8, row(1)]).data]).toEqual([1])
  })

  test.each([
    ['lerp', lerp(row(8, 2), row(4, 4), 0.25), [5, 3.5]],
    ['lerp beyond the ends', lerp(row(8), row(4), 1.5), [10]],
    ['scaled', scaled(row(1, -2), 3), [3, -6]],
    ['clamped', clamped(row(-3, 0.5, 2), 1), [-1, 0.5, 1]],
  ])('%s', (_, found, expected) => {
    expect([...found.data]).toEqual(expected)
  })

  test('refuses tensors of different shapes, naming both', () => {
    expect(() => lerp(row(1, 2), row(1), 0.5)).toThrow('expected a tensor of shape [1, 2], found [1, 1]')
    expect(() => tensor([2, 2], new Float32Array(3))).toThrow('expected 4 values for shape [2, 2], found 3')
  })
})

describe('batches', () => {
  const two = concatBatch(row(1, 2), row(3, 4))

  test('join and part along the first axis', () => {
    expect(two).toEqual(tensor([2, 2], Float32Array.of(1, 2, 3, 4)))
    expect(sliceBatch(two, 1, 2)).toEqual(row(3, 4))
    expect(concatBatch(two, row(5, 6)).shape).toEqual([3, 2])
  })

  test('a batch of one is repeated, a full one kept, any other refused', () => {
    expect(expandBatch(row(1, 2), 3).data).toEqual(Float32Array.of(1, 2, 1, 2, 1, 2))
    expect(expandBatch(two, 2)).toBe(two)
    expect(() => expandBatch(two, 3)).toThrow('expected a batch of 1 or 3, found shape [2, 2]')
    expect(() => concatBatch(two, row(1))).toThrow('expected a batch of shape [n, 2], found [1, 1]')
  })
})
