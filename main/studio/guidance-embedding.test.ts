import { expect, test } from 'vitest'
import { guidanceEmbedding } from './guidance-embedding.ts'

test('guidance 1 is no angle at all', () => {
  expect([...guidanceEmbedding(1, 8).data]).toEqual([0, 0, 0, 0, 1, 1, 1, 1])
})

test('the sines come first, of angles that fall from a thousand a unit to a tenth of one', () => {
  const { shape, data } = guidanceEmbedding(8.5, 6)
  expect(shape).toEqual([1, 6])
  const angles = [7500, 75, 0.75]
  const expected = [...angles.map(Math.sin), ...angles.map(Math.cos)]
  for (const [i, value] of expected.entries()) expect(data[i]).toBeCloseTo(value, 3)
})

test('what an odd size leaves over is zero', () => {
  expect([...guidanceEmbedding(3, 5).data].at(-1)).toBe(0)
})
