import { expect, test } from 'vitest'
import { pairedRatios, summarise } from './statistics.ts'

test('the median is the middle sample, or between the two in the middle', () => {
  expect(summarise([9, 1, 5]).median).toBe(5)
  expect(summarise([9, 1, 5, 7]).median).toBe(6)
})

test('quartiles are linear between neighbours', () => {
  expect(summarise([4, 3, 2, 1])).toEqual({ count: 4, median: 2.5, lowerQuartile: 1.75, upperQuartile: 3.25 })
  expect(summarise([8])).toEqual({ count: 1, median: 8, lowerQuartile: 8, upperQuartile: 8 })
})

test('a series is left in the order it was measured in', () => {
  const samples = [3, 1, 2]
  summarise(samples)
  expect(samples).toEqual([3, 1, 2])
})

test('nothing is said of no samples', () => {
  expect(() => summarise([])).toThrow('expected at least one sample')
})

test('a disturbance that hits both of a pair leaves their ratio', () => {
  expect(pairedRatios([20, 200, 20], [10, 100, 10])).toEqual([2, 2, 2])
})

test('series of different lengths are no pairs', () => {
  expect(() => pairedRatios([1, 2], [1])).toThrow('found 2 and 1 samples')
})
