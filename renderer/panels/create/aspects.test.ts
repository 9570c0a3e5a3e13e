import { expect, test } from 'vitest'
import { ASPECTS, onGrid, sizeOf } from './aspects.ts'

test.each([
  [128, 'Square', { widthPx: 128, heightPx: 128 }],
  [512, 'Landscape 4:3', { widthPx: 592, heightPx: 440 }],
  [512, 'Tall 9:16', { widthPx: 384, heightPx: 680 }],
])('at %i px, %s keeps the model’s number of pixels', (side, name, expected) => {
  const aspect = ASPECTS.find((other) => other.name === name)
  expect(aspect && sizeOf(aspect, { widthPx: side, heightPx: side })).toEqual(expected)
})

test('sides land on multiples of 8 inside the bounds', () => {
  expect(onGrid(130)).toBe(128)
  expect(onGrid(133)).toBe(136)
  expect(onGrid(1)).toBe(64)
  expect(onGrid(99_999)).toBe(4096)
})
