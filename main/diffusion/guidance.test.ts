import { expect, test } from 'vitest'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { guided } from './guidance.ts'
import type { DiffusionNetwork } from './guidance.ts'

/** A context of `tokens` tokens of width 1, all of one value. */
const context = (value: number, tokens = 2) => tensor([1, tokens, 1], new Float32Array(tokens).fill(value))
const told = (value: number, tokens?: number) => ({ context: context(value, tokens), vector: null })
const conditioning = told(5)
const unconditional = told(1)
const x = gaussianNoise(3, 0, [1, 1, 2, 2])

/** Answers x + the context's first value, row by row, and keeps what it was asked. */
function recordingNetwork() {
  const calls: { rows: number; timesteps: number[]; contexts: number[] }[] = []
  const network: DiffusionNetwork = (input, timesteps, { context: { data, shape } }) => {
    const [rows = 0, tokens = 0] = shape
    const contexts = Array.from({ length: rows }, (_, row) => data[row * tokens] ?? NaN)
    calls.push({ rows: input.shape[0] ?? 0, timesteps, contexts })
    const size = input.data.length / rows
    return Promise.resolve(
      tensor(
        input.shape,
        input.data.map((value, i) => value + (contexts[Math.floor(i / size)] ?? NaN)),
      ),
    )
  }
  return { network, calls }
}

const added = (result: Tensor, start: Tensor) => result.data.map((value, i) => value - (start.data[i] ?? NaN))

test.each([
  [1, 5],
  [2, 9],
  [7.5, 31],
  [0, 1],
])('scale %d goes that far from the unconditional answer', async (scale, expected) => {
  for (const isBatched of [true, false]) {
    const { network } = recordingNetwork()
    const result = await guided(network, conditioning, unconditional, scale, { isBatched })(x, 500)
    for (const value of added(result, x)) expect(value).toBeCloseTo(expected, 4)
  }
})

test('one batch holds the unconditional rows first', async () => {
  const { network, calls } = recordingNetwork()
  await guided(network, conditioning, unconditional, 3, { isBatched: true })(gaussianNoise(3, 0, [2, 1, 2, 2]), 40.5)
  expect(calls).toEqual([{ rows: 4, timesteps: [40.5, 40.5, 40.5, 40.5], contexts: [1, 1, 5, 5] }])
})

test('unbatched passes come one after the other', async () => {
  const { network, calls } = recordingNetwork()
  await guided(network, conditioning, unconditional, 3, { isBatched: false })(x, 7)
  expect(calls.map(({ contexts }) => contexts)).toEqual([[1], [5]])
})

test.each([
  ['scale 1', unconditional, 1],
  ['no unconditional', null, 7.5],
])('%s is a single conditional pass', async (_, without, scale) => {
  const { network, calls } = recordingNetwork()
  await guided(network, conditioning, without, scale, { isBatched: true })(x, 7)
  expect(calls).toEqual([{ rows: 1, timesteps: [7], contexts: [5] }])
})

test('prompts of different length are not forced into one batch', async () => {
  const { network, calls } = recordingNetwork()
  await guided(network, told(5, 4), unconditional, 3, { isBatched: true })(x, 7)
  expect(calls.map(({ rows }) => rows)).toEqual([1, 1])
})
