import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { torchNoise } from './torch-noise.ts'

// torch.Generator('cpu').manual_seed(seed), then torch.randn of each shape in turn; PyTorch 1.13
test.each<[string, number, number[], number[]]>([
  ['few values', 42, [3], [0.336690366, 0.128809407, 0.234462366]],
  ['few values after an odd number of them', 42, [3, 3], [0.23033303, -1.12285638, -0.186328292]],
  [
    'a block and a rest, drawn over its end',
    42,
    [17],
    [
      1.92691529, -0.159597471, -0.497397542, 0.439589262, -0.758131146, 1.07831764, 0.800800562, 1.68062055,
      0.355859905,
    ],
  ],
  ['the second block of a large seed', 4294967295, [16, 16], [1.79339993, -0.876585186, -1.64603913, -0.538258553]],
  [
    'a picture of 512 pixels',
    0,
    [16384],
    [-1.12583983, -1.1523602, -0.250578582, -0.433878809, 0.848710358, 0.692009151],
  ],
])('is what PyTorch draws: %s', (_, seed, sizes, expected) => {
  const next = torchNoise(seed)
  const last = sizes.map((size) => next([size])).at(-1)
  for (const [i, value] of expected.entries()) expect(last?.data[i]).toBeCloseTo(value, 5)
})

test('of a seed, the low 32 bits count', () => {
  expect(torchNoise(2 ** 32 + 7)([64])).toEqual(torchNoise(7)([64]))
})

test('gives the same bytes on every machine', () => {
  const next = torchNoise(1)
  const bytes = [[5], [1, 4, 32, 32]].map((shape) => new Uint8Array(next(shape).data.buffer))
  expect(bytes.map((part) => createHash('sha256').update(part).digest('hex'))).toEqual([
    '90f5f4fe6ac6802b09373caa194a97b6cc6a5b76277ed3dcde65711f6a20dc56',
    '6fce9bffa9a46d567f80d5109a37e600646a47c0fb8178df9f64688b1f118105',
  ])
})
