import { expect, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import { SOUND_MODELS } from '../checkpoint/test-models.ts'
import { isActive, noResiduals } from './guide-feeds.ts'

test.each([
  [0, 1, 4, [0, 1, 2, 3]],
  [0, 0, 4, []],
  [0, 0.25, 4, [0]],
  [0, 0.49, 4, [0]],
  [0.5, 1, 4, [2, 3]],
  [0.51, 1, 4, [3]],
  [0.25, 0.75, 4, [1, 2]],
  [0.8, 0.2, 4, []],
  [0, 0.3, 10, [0, 1, 2]],
  [0, 1, 1, [0]],
])('between the shares %d and %d of %d steps act the steps %j', (start, end, steps, expected) => {
  const all = Array.from({ length: steps }, (_, step) => step)
  expect(all.filter((step) => isActive({ start, end }, { step, steps }))).toEqual(expected)
})

test('a sampler that goes on after the last step is still in it', () => {
  expect(isActive({ start: 0, end: 1 }, { step: 5, steps: 4 })).toBe(true)
  expect(isActive({ start: 0, end: 0.9 }, { step: 5, steps: 4 })).toBe(false)
})

test('residuals of zeros have the sizes of the skips, halved and rounded up at each level', async () => {
  const { unet } = await openCheckpoint(SOUND_MODELS.singleFile)
  const residuals = noResiduals(unet.config, [2, 4, 13, 8])
  const shapes = Object.values(residuals).map(({ shape }) => shape.join('x'))
  expect(shapes).toEqual([
    ...Array<string>(3).fill('2x32x13x8'),
    ...Array<string>(3).fill('2x32x7x4'),
    ...Array<string>(3).fill('2x32x4x2'),
    '2x32x2x1',
    ...Array<string>(2).fill('2x64x2x1'),
    '2x64x2x1',
  ])
  expect(Object.values(residuals).every(({ data }) => data.every((value) => value === 0))).toBe(true)
})
