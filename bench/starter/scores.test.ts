import { expect, test } from 'vitest'
import { tensor } from '../../main/tensor/tensor.ts'
import { part, spread } from './cases.ts'
import { timeLeft } from './progress.ts'
import { meanDistance, psnr, rankOf } from './scores.ts'

const picture = (...values: number[]) => tensor([1, 1, 1, values.length], Float32Array.from(values))

test('a noun’s rank counts the nouns that score higher, save those that share a name with it', () => {
  const names = [['dog', 'puppy'], ['cat'], ['hot dog'], ['puppy', 'whelp']]
  const scores = Float32Array.of(1, 2, 3, 4)
  expect([0, 1, 2, 3].map((noun) => rankOf(scores, noun, names))).toEqual([0, 2, 1, 0])
})

test('pictures that are alike are at distance 0; black and white at 2', () => {
  expect(meanDistance([picture(0.5, -1), picture(0.5, -1)])).toBe(0)
  expect(meanDistance([picture(-1, -1), picture(1, 1), picture(-1, -1)])).toBeCloseTo((2 + 0 + 2) / 3)
})

test('an error of a hundredth of the range is 40 dB, and what lies outside the range is no error', () => {
  expect(psnr(picture(0, 0), picture(0.02, -0.02))).toBeCloseTo(40, 4)
  expect(psnr(picture(1, -1), picture(1.5, -1.5))).toBe(Infinity)
})

test('fewer cases are spread over all of them, in whole runs', () => {
  const items = [0, 1, 2, 3, 4, 5, 6, 7]
  expect(spread(items, 4)).toEqual([0, 2, 4, 6])
  expect(spread(items, 4, 2)).toEqual([0, 1, 4, 5])
  expect(spread(items, Infinity, 2)).toEqual(items)
})

test('a square of a picture keeps its channels apart', () => {
  const data = Float32Array.from({ length: 3 * 2 * 3 }, (_, i) => i)
  const square = part(data, { width: 3, height: 2, left: 1, top: 0, side: 2 })
  expect([...square.data]).toEqual([1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17])
})

test('the rest of a run is told in seconds, then minutes', () => {
  expect([12_300, 89_000, 600_000].map(timeLeft)).toEqual(['13 s left', '89 s left', '10 min left'])
})
