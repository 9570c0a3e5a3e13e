import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadNetwork } from '../runtime/network.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { GraphBuilder } from './graph-builder.ts'
import { groupNorm, pictureGroupNorm } from './group-norm.ts'
import { croppedTo, doubled } from './layers.ts'
import type { Scope, Value } from './scope.ts'
import { float32, NO_WEIGHTS, weightsOf, writeWeights } from './test-weights.ts'

async function computed(inputs: Record<string, Tensor>, draw: (scope: Scope) => Value, weights = NO_WEIGHTS) {
  const graph = new GraphBuilder('test', weights)
  for (const [name, { shape }] of Object.entries(inputs)) graph.input(name, 'float', shape)
  graph.output('y', draw(graph.root))
  const network = await loadNetwork(graph.finish())
  const { y } = await network.run(inputs)
  await network.release()
  if (!y) throw new Error('expected the output y')
  return y
}

const SIZES: [number, number][] = [
  [1, 1],
  [1, 2],
  [3, 5],
  [4, 8],
  [17, 33],
  [64, 127],
]

// PyTorch's nearest interpolation to a given size takes the cell floor(i · from / to).
test.for(SIZES)('%i cells doubled and cropped to %i are what interpolating to that size gives', async ([from, to]) => {
  const x = tensor(
    [1, 1, from, 1],
    Float32Array.from({ length: from }, (_, i) => i),
  )
  const like = tensor([1, 1, to, 2])
  const y = await computed({ x, like }, (scope) => croppedTo(scope, doubled(scope, 'x'), 'like'))
  expect(y.shape).toEqual([1, 1, to, 2])
  const expected = Array.from({ length: to }, (_, i) => Math.floor((i * from) / to)).flatMap((cell) => [cell, cell])
  expect([...y.data]).toEqual(expected)
})

async function normWeights(weight: number[], bias: number[]) {
  const folder = await mkdtemp(join(tmpdir(), 'layers-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [scale, shift] = [float32([weight.length], weight), float32([bias.length], bias)]
  return weightsOf(await writeWeights(join(folder, 'w.bin'), { 'norm.weight': scale, 'norm.bias': shift }))
}

test.for([{ groupNorm }, { groupNorm: pictureGroupNorm }])(
  'a group norm gives each group of each item mean 0 and deviation 1, then scales each channel (%#)',
  async (norms) => {
    const weights = await normWeights([1, 2, 3, 4], [0, 0, 0, 10])
    const x = tensor([2, 4, 1, 2], Float32Array.of(1, 3, 5, 7, 0, 0, 100, 100, -1, -1, 1, 1, 6, 6, 6, 6))
    const y = await computed({ x }, (scope) => norms.groupNorm(scope.at('norm'), 'x', 4, 2, 1e-6), weights)
    const deviation = Math.sqrt(5)
    const expected = [-3, -1, 2, 6].map((value) => value / deviation).concat([-3, -3, 14, 14])
    expected.push(-1, -1, 2, 2, 0, 0, 10, 10)
    for (const [i, value] of expected.entries()) expect(y.data[i]).toBeCloseTo(value, 5)
  },
)

test('the autoencoder’s group norm is exact to rounding over millions of values', async () => {
  const size = 1448
  const noise = gaussianNoise(1, 0, [1, 1, size, size])
  const x = tensor(
    noise.shape,
    noise.data.map((value) => value + 3),
  )
  const y = await computed(
    { x },
    (scope) => pictureGroupNorm(scope.at('norm'), 'x', 1, 1, 1e-6),
    await normWeights([1], [0]),
  )
  const mean = x.data.reduce((sum, value) => sum + value, 0) / x.data.length
  const deviation = Math.sqrt(x.data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.data.length)
  const error = y.data.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - ((x.data[i] ?? NaN) - mean) / deviation)),
    0,
  )
  expect(error).toBeLessThan(5e-6)
})
