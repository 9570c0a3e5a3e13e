import { expect, test } from 'vitest'
import { tensor } from '../tensor/tensor.ts'
import { sizeVector, wholePicture } from './size-conditioning.ts'

test('a vector is the pooled prompt, then height before width, cosines before sines', () => {
  const vector = sizeVector(tensor([1, 2], Float32Array.of(7, -7)), wholePicture(1024, 768), {
    size: 26,
    numberWidth: 4,
  })
  expect(vector.shape).toEqual([1, 26])
  const waves = (value: number) => [Math.cos(value), Math.cos(value / 100), Math.sin(value), Math.sin(value / 100)]
  const expected = [7, -7, ...[1024, 768, 0, 0, 1024, 768].flatMap(waves)]
  for (const [i, value] of expected.entries()) expect(vector.data[i]).toBeCloseTo(value, 4)
})
