import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import { loadNetwork } from '../runtime/network.ts'
import { buildTextEncoder } from './text-encoder.ts'
import type { TextEncoderOptions } from './text-encoder.ts'

const MODEL = join(import.meta.dirname, '../../bench/parity/fixtures/tiny-sd1-diffusers')

async function loaded(options: TextEncoderOptions = {}) {
  const network = await loadNetwork(buildTextEncoder((await openCheckpoint(MODEL)).textEncoders[0], options))
  onTestFinished(() => network.release())
  return async (ids: number[][]) => {
    const data = BigInt64Array.from(ids.flat(), BigInt)
    return network.run({ input_ids: { shape: [ids.length, ids[0]?.length ?? 0], data } })
  }
}

const PROMPT = Array.from({ length: 77 }, (_, i) => (i === 0 ? 2012 : i < 9 ? 100 * i : 2013))

test('what comes after a token does not change its vector', async () => {
  const encode = await loaded()
  const other = PROMPT.map((id, i) => (i < 40 ? id : 7))
  const [a, b] = [(await encode([PROMPT]))['context'], (await encode([other]))['context']]
  const width = a?.shape[2] ?? 0
  expect(a?.data.slice(0, 40 * width)).toEqual(b?.data.slice(0, 40 * width))
  expect(a?.data.slice(40 * width)).not.toEqual(b?.data.slice(40 * width))
})

test('prompts of a batch are encoded each for itself', async () => {
  const encode = await loaded()
  const other = [...PROMPT].reverse()
  const both = (await encode([PROMPT, other]))['context']
  const second = (await encode([other]))['context']
  expect(both?.shape).toEqual([2, 77, 32])
  const half = (both?.data.length ?? 0) / 2
  for (const [i, value] of (second?.data ?? []).entries()) expect(both?.data[half + i]).toBeCloseTo(value, 5)
})

test('leaving out the last layer gives the normed output of the one before', async () => {
  const [whole, skipping] = [await loaded({ withTaps: true }), await loaded({ clipSkip: 2 })]
  const expected = (await whole([PROMPT]))['clip_skip2']
  const found = (await skipping([PROMPT]))['context']
  for (const [i, value] of (expected?.data ?? []).entries()) expect(found?.data[i]).toBeCloseTo(value, 5)
})

test('more layers cannot be left out than there are', async () => {
  const [textEncoder] = (await openCheckpoint(MODEL)).textEncoders
  expect(() => buildTextEncoder(textEncoder, { clipSkip: 4 })).toThrow('expected clipSkip from 1 to 3, found 4')
  expect(() => buildTextEncoder(textEncoder, { clipSkip: 0 })).toThrow('found 0')
})

test('what a hidden token is, no other token can tell', async () => {
  const network = await loadNetwork(
    buildTextEncoder((await openCheckpoint(MODEL)).textEncoders[0], { withHiding: true }),
  )
  onTestFinished(() => network.release())
  const hide = async (ids: number[], hidden: number | null) => {
    const attended = BigInt64Array.from(ids, (_, i) => (i === hidden ? 0n : 1n))
    const feeds = { input_ids: BigInt64Array.from(ids, BigInt), attended }
    const { context } = await network.run({
      input_ids: { shape: [1, ids.length], data: feeds.input_ids },
      attended: { shape: [1, ids.length], data: feeds.attended },
    })
    if (!context) throw new Error('expected a context, found none')
    return context
  }
  const other = PROMPT.map((id, i) => (i === 4 ? id + 1 : id))
  const [a, b] = [await hide(PROMPT, 4), await hide(other, 4)]
  const width = a.shape[2] ?? 0
  const without = (data: Float32Array) => [...data.slice(0, 4 * width), ...data.slice(5 * width)]
  expect(without(a.data)).toEqual(without(b.data))
  expect(without((await hide(other, null)).data)).not.toEqual(without((await hide(PROMPT, null)).data))

  const plain = (await (await loaded())([PROMPT]))['context']
  const shown = await hide(PROMPT, null)
  for (const [i, value] of shown.data.entries()) expect(value).toBeCloseTo(plain?.data[i] ?? NaN, 4)
})
