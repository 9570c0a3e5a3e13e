import { expect, test } from 'vitest'
import { isSameShape } from '../tensor/arithmetic.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { torchNoise } from '../tensor/torch-noise.ts'
import { seededNoise } from './noise-source.ts'

const shape = [4, 6, 8]
const size = [1, ...shape]

test('each row of a batch has the noise of its seed alone', () => {
  for (const source of ['philox', 'torch-cpu'] as const) {
    const both = seededNoise([3, 4], shape, { source })
    for (const draw of [0, 2, 1]) {
      const alone = [3, 4].flatMap((seed) => [...seededNoise([seed], shape, { source })(draw).data])
      expect([...both(draw).data]).toEqual(alone)
    }
  }
})

test('the draws of a processor’s PyTorch follow one another, in whatever order they are asked for', () => {
  const next = torchNoise(7)
  const expected = [next(size), next(size), next(size)]
  const draw = seededNoise([7], shape, { source: 'torch-cpu' })
  for (const i of [2, 0, 1, 1, 2]) expect(draw(i)).toEqual(expected[i])
})

test('only the first noise varies, from the seed’s own to the other seed’s', () => {
  const towards = (strength: number) => seededNoise([7], shape, { towards: { seed: 8, strength } })
  expect(towards(0)(0)).toEqual(gaussianNoise(7, 0, size))
  expect(towards(0.5)(1)).toEqual(gaussianNoise(7, 1, size))
  const other = gaussianNoise(8, 0, size).data
  for (const [i, value] of towards(1)(0).data.entries()) expect(value).toBeCloseTo(other[i] ?? NaN, 5)
})

test('half way to another seed the noise is as strong as at both ends', () => {
  const { data } = seededNoise([7], [4, 64, 64], { towards: { seed: 8, strength: 0.5 } })(0)
  const deviation = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length)
  expect(deviation).toBeGreaterThan(0.97)
  expect(deviation).toBeLessThan(1.03)
})

test.each([
  ['smaller', [4, 4], [1, 2], [0, 0], [4, 4]],
  ['larger', [10, 9], [0, 0], [2, 1], [6, 7]],
] as const)(
  'the noise of a %s picture lies in the middle',
  (_, from, [top, left], [cutTop, cutLeft], [rows, columns]) => {
    const found = seededNoise([7], shape, { from })(0)
    const own = gaussianNoise(7, 0, size)
    const inner = gaussianNoise(7, 0, [1, 4, ...from])
    expect(isSameShape(found.shape, own.shape)).toBe(true)
    for (const [i, value] of found.data.entries()) {
      const [c, y, x] = [Math.floor(i / 48), Math.floor(i / 8) % 6, i % 8]
      const isInside = y >= top && y < top + rows && x >= left && x < left + columns
      const at = (c * from[0] + y - top + cutTop) * from[1] + x - left + cutLeft
      expect(value).toBe(isInside ? inner.data[at] : own.data[i])
    }
  },
)
