import { describe, expect, test } from 'vitest'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { classifierFree, twoConditions, unguided } from './guidance-kinds.ts'
import { guided } from './guidance.ts'
import type { Conditioning, DiffusionNetwork, Guidance } from './guidance.ts'

/** A context of `tokens` tokens of width 1, all of one value. */
const context = (value: number, tokens = 2) => tensor([1, tokens, 1], new Float32Array(tokens).fill(value))
const told = (value: number, tokens?: number) => ({ context: context(value, tokens), vector: null })
const conditioning = told(5)
const unconditional = told(1)
const x = gaussianNoise(3, 0, [1, 1, 2, 2])
const moment = { step: 0, steps: 4 }

const free = (prompt: Conditioning, scale: number, without: Conditioning = unconditional) =>
  classifierFree({ prompts: [{ told: prompt, weight: 1 }], unconditional: without, scale })
const ask = (network: DiffusionNetwork, guidance: Guidance, isBatched: boolean, start = x, timestep = 7) =>
  guided(network, () => guidance, { isBatched })(start, timestep, moment)

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
    const result = await ask(network, free(conditioning, scale), isBatched)
    for (const value of added(result, x)) expect(value).toBeCloseTo(expected, 4)
  }
})

test('one batch holds the unconditional rows first', async () => {
  const { network, calls } = recordingNetwork()
  await ask(network, free(conditioning, 3), true, gaussianNoise(3, 0, [2, 1, 2, 2]), 40.5)
  expect(calls).toEqual([{ rows: 4, timesteps: [40.5, 40.5, 40.5, 40.5], contexts: [1, 1, 5, 5] }])
})

test('unbatched passes come one after the other', async () => {
  const { network, calls } = recordingNetwork()
  await ask(network, free(conditioning, 3), false)
  expect(calls.map(({ contexts }) => contexts)).toEqual([[1], [5]])
})

test.each([
  ['scale 1', free(conditioning, 1)],
  ['a prompt alone', unguided(conditioning)],
])('%s is a single conditional pass', async (_, guidance) => {
  const { network, calls } = recordingNetwork()
  await ask(network, guidance, true)
  expect(calls).toEqual([{ rows: 1, timesteps: [7], contexts: [5] }])
})

test('several prompts draw at once, each by its weight', async () => {
  const prompts = [
    { told: told(5), weight: 1 },
    { told: told(2), weight: -0.5 },
  ] as const
  const { network, calls } = recordingNetwork()
  const result = await ask(network, classifierFree({ prompts: [...prompts], unconditional, scale: 3 }), true)
  // 1 + 3 * (5 - 1) - 1.5 * (2 - 1)
  for (const value of added(result, x)) expect(value).toBeCloseTo(11.5, 4)
  expect(calls.map(({ contexts }) => contexts)).toEqual([[1, 5, 2]])
})

test('the guidance is that of the moment', async () => {
  const { network, calls } = recordingNetwork()
  const predict = guided(network, ({ step }) => (step < 2 ? unguided(told(5)) : unguided(told(6))), { isBatched: true })
  for (const step of [1, 2]) await predict(x, 7, { step, steps: 4 })
  expect(calls.map(({ contexts }) => contexts)).toEqual([[5], [6]])
})

describe('adjusted guidance', () => {
  /** Answers the context's values in turn as the cells of one channel. */
  const painting: DiffusionNetwork = (input, _, { context: { data } }) => {
    const rows = input.shape[0] ?? 1
    const size = data.length / rows
    return Promise.resolve(
      tensor(
        input.shape,
        input.data.map((_value, i) => data[Math.floor(i / 4) * size + (i % 4)] ?? NaN),
      ),
    )
  }
  const cells = (...values: number[]): Conditioning => ({
    context: tensor([1, values.length, 1], Float32Array.from(values)),
    vector: null,
  })
  const prompts = [{ told: cells(1, 2, 3, 6), weight: 1 }] as const
  const nothing = cells(0, 0, 0, 0)

  test('rescaling in full gives back the deviation of the conditional answer', async () => {
    const options = { prompts: [...prompts] as [(typeof prompts)[0]], unconditional: nothing, scale: 5 }
    const full = await ask(painting, classifierFree({ ...options, rescale: 1 }), true)
    expect([...full.data].map((value) => Number(value.toFixed(4)))).toEqual([1, 2, 3, 6])
    const half = await ask(painting, classifierFree({ ...options, rescale: 0.5 }), true)
    expect([...half.data].map((value) => Number(value.toFixed(4)))).toEqual([3, 6, 9, 18])
  })

  test('thresholding keeps the largest deviation that the mimicked scale has', async () => {
    const thresholding = { mimicScale: 2, quantile: 1 }
    const options = { prompts: [...prompts] as [(typeof prompts)[0]], unconditional: nothing, scale: 5, thresholding }
    const { data } = await ask(painting, classifierFree(options), true)
    // The mean stays that of scale 5, 15; the largest deviation becomes that of scale 2, 6 of 15.
    expect([...data].map((value) => Number(value.toFixed(4)))).toEqual([11, 13, 15, 21])
  })
})

test('prompts of different length are not forced into one batch', async () => {
  const { network, calls } = recordingNetwork()
  await ask(network, free(told(5, 4), 3), true)
  expect(calls.map(({ rows }) => rows)).toEqual([1, 1])
})

test('tokens of pictures and the told scale go with their prompts, one for each picture that is made', async () => {
  const { network } = recordingNetwork()
  const seen: (readonly [number[], number[], number[]])[] = []
  const firsts = (rows: Tensor | undefined) =>
    [...(rows?.data ?? [])].filter((_, i) => i % ((rows?.data.length ?? 1) / (rows?.shape[0] ?? 1)) === 0)
  const seeing: DiffusionNetwork = (input, timesteps, rows, at) => {
    const [first, second] = rows.imageTokens ?? []
    seen.push([firsts(first), firsts(second), firsts(rows.guidance)])
    return network(input, timesteps, rows, at)
  }
  const withPictures = (told: Conditioning, value: number): Conditioning => ({
    ...told,
    imageTokens: [context(value, 3), context(value + 1, 4)],
    guidance: tensor([1, 2], Float32Array.of(value + 2, 0)),
  })
  const guidance = free(withPictures(conditioning, 10), 3, withPictures(unconditional, 20))
  await ask(seeing, guidance, true, gaussianNoise(3, 0, [2, 1, 2, 2]))
  await ask(seeing, guidance, false)
  expect(seen).toEqual([
    [
      [20, 20, 10, 10],
      [21, 21, 11, 11],
      [22, 22, 12, 12],
    ],
    [[20], [21], [22]],
    [[10], [11], [12]],
  ])
})

describe('guidance by a picture and words', () => {
  const picture = (value: number) => tensor([1, 1, 2, 2], new Float32Array(4).fill(value))
  const conditions = {
    both: { ...told(5), picture: picture(1) },
    picture: { ...told(2), picture: picture(1) },
    neither: { ...told(1), picture: picture(0) },
  }

  test.each([
    [1, 1, 5],
    [3, 1, 11],
    [1, 2, 6],
    [7.5, 1.5, 25],
  ])('text scale %d and picture scale %d go that far from the answer to nothing', async (text, pictured, expected) => {
    for (const isBatched of [true, false]) {
      const { network } = recordingNetwork()
      const result = await ask(network, twoConditions(conditions, { text, picture: pictured }), isBatched)
      for (const value of added(result, x)) expect(value).toBeCloseTo(expected, 4)
    }
  })

  test('one batch holds both, the picture alone, neither, each with its picture', async () => {
    const { network, calls } = recordingNetwork()
    const pictures: number[] = []
    const seeing: DiffusionNetwork = (input, timesteps, rows, at) => {
      pictures.push(...(rows.picture?.data ?? []).filter((_, i) => i % 4 === 0))
      return network(input, timesteps, rows, at)
    }
    const guidance = twoConditions(conditions, { text: 7.5, picture: 1.5 })
    await ask(seeing, guidance, true, gaussianNoise(3, 0, [2, 1, 2, 2]), 9)
    expect(calls).toEqual([{ rows: 6, timesteps: [9, 9, 9, 9, 9, 9], contexts: [5, 5, 2, 2, 1, 1] }])
    expect(pictures).toEqual([1, 1, 1, 1, 0, 0])
  })
})

describe('perturbed-attention guidance', () => {
  /** Answers x + the context's first value, and 1 less for a row whose middle is perturbed. */
  const perturbable: DiffusionNetwork = async (input, timesteps, rows, at) => {
    const { data, shape } = await recordingNetwork().network(input, timesteps, rows, at)
    const size = data.length / (shape[0] ?? 1)
    return tensor(
      shape,
      data.map((value, i) => value - (rows.perturbed?.data[Math.floor(i / size)] ?? 0)),
    )
  }
  const prompts = [{ told: conditioning, weight: 1 }] as const

  test.each([
    [1, 3, 5 + 3],
    [2, 3, 9 + 3],
    [2, 0, 9],
  ])('at scale %d and %d away from the perturbed answer', async (scale, perturbedScale, expected) => {
    for (const isBatched of [true, false]) {
      const options = { prompts: [...prompts] as [(typeof prompts)[0]], unconditional, scale, perturbedScale }
      const result = await ask(perturbable, classifierFree(options), isBatched)
      for (const value of added(result, x)) expect(value).toBeCloseTo(expected, 4)
    }
  })
})
