import { expect, test } from 'vitest'
import { alternate } from './alternate.ts'

test('measurements take turns, every other round in reverse, and the first round does not count', async () => {
  const order: string[] = []
  const measure = (name: string) => () => Promise.resolve(order.push(name))
  const samples = await alternate(2, { a: measure('a'), b: measure('b') })
  expect(order.join('')).toBe('ababba')
  expect(samples).toEqual({ a: [3, 6], b: [4, 5] })
})
