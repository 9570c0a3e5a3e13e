import { describe, expect, it } from 'vitest'
import { tensor } from '../tensor/tensor.ts'
import { commaChunks } from './chunks.ts'
import { encodePair, encodePrompt } from './conditioning.ts'
import { countTokens } from './count-tokens.ts'
import type { Tokenizer } from './tokenizer.ts'

const [BOS, EOS, PAD, COMMA] = [100, 101, 0, 99] as const

/** One token a word, numbered by its digits, a comma standing alone. */
function numberWords(contextLength: number): Tokenizer {
  const encode = (text: string): { ids: number[]; starts: number[] } => {
    const words = [...text.matchAll(/\d+|,/g)]
    return {
      ids: words.map(([word]) => (word === ',' ? COMMA : Number(word))),
      starts: words.map(({ index }) => index),
    }
  }
  return { bosId: BOS, eosId: EOS, padId: PAD, commaId: COMMA, contextLength, encode }
}

const count = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const content = (chunks: number[][]): number[][] => chunks.map((chunk) => chunk.slice(1, chunk.indexOf(EOS)))

const promptChunks = (tokenizer: Tokenizer, text: string) =>
  commaChunks(tokenizer, [{ text, weight: 1, start: 0 }]).map(({ ids }) => [...ids])

describe('chunks', () => {
  const tokenizer = numberWords(32)
  const chunksOf = (ids: number[]): number[][] =>
    content(promptChunks(tokenizer, ids.map((id) => (id === COMMA ? ',' : String(id))).join(' ')))

  it('wraps and pads one chunk, an empty prompt too', () => {
    expect(promptChunks(numberWords(8), '1 2')).toEqual([[BOS, 1, 2, EOS, PAD, PAD, PAD, PAD]])
    expect(promptChunks(numberWords(4), '')).toEqual([[BOS, EOS, PAD, PAD]])
  })

  it('fills a chunk to the last token before it starts the next', () => {
    expect(chunksOf(count(1, 30))).toEqual([count(1, 30)])
    expect(chunksOf(count(1, 31))).toEqual([count(1, 30), [31]])
    expect(chunksOf(count(1, 90))).toEqual([count(1, 30), count(31, 60), count(61, 90)])
  })

  it('moves what follows a comma near the end to the next chunk', () => {
    expect(chunksOf([...count(1, 10), COMMA, ...count(12, 40)])).toEqual([[...count(1, 10), COMMA], count(12, 40)])
  })

  it('breaks a word list anyway where the last comma is too far back', () => {
    expect(chunksOf([...count(1, 9), COMMA, ...count(11, 40)])).toEqual([
      [...count(1, 9), COMMA, ...count(11, 30)],
      count(31, 40),
    ])
  })

  it('does not break before a comma that would come first in the next chunk', () => {
    expect(chunksOf([...count(1, 20), COMMA, ...count(22, 30), COMMA, 32])).toEqual([
      [...count(1, 20), COMMA, ...count(22, 30)],
      [COMMA, 32],
    ])
  })
})

describe('countTokens', () => {
  it('counts content tokens and says where each chunk starts', () => {
    expect(countTokens(numberWords(6), '  1 2 3 44 55 66')).toEqual({ tokens: 6, chunkTokens: 4, chunkStarts: [0, 11] })
    expect(countTokens(numberWords(6), '')).toEqual({ tokens: 0, chunkTokens: 4, chunkStarts: [0] })
  })
})

describe('conditioning', () => {
  const tokenizer = numberWords(4)
  /** Each token's hidden state is its id and the id negated. */
  const encode = (ids: readonly (readonly number[])[]) => {
    const states = tensor([ids.length, 4, 2], Float32Array.from(ids.flat().flatMap((id) => [id, -id])))
    return Promise.resolve({ states, pooled: null })
  }
  const encoder = { tokenizer, encode }
  const tokensOf = (data: Float32Array): number[] => [...data].filter((_, i) => i % 2 === 0)

  it('sets the chunks of a prompt one after the other', async () => {
    const { shape, data } = (await encodePrompt([encoder], '1 2 3')).context
    expect(shape).toEqual([1, 8, 2])
    expect(tokensOf(data)).toEqual([BOS, 1, 2, EOS, BOS, 3, EOS, PAD])
  })

  it.each([
    ['1 2 3', '9'],
    ['9', '1 2 3'],
  ])('gives %j and %j the same length, the shorter filled with empty chunks', async (prompt, negativePrompt) => {
    const { conditioning, unconditional } = await encodePair([encoder], prompt, negativePrompt)
    const contexts = [conditioning.context, unconditional.context] as const
    const [shorter, longer] = prompt === '9' ? contexts : ([contexts[1], contexts[0]] as const)
    expect([longer.shape, shorter.shape]).toEqual([
      [1, 8, 2],
      [1, 8, 2],
    ])
    expect(tokensOf(longer.data)).toEqual([BOS, 1, 2, EOS, BOS, 3, EOS, PAD])
    expect(tokensOf(shorter.data)).toEqual([BOS, 9, EOS, PAD, BOS, EOS, PAD, PAD])
  })

  it('sets the states of several encoders side by side, each with its padding, and pools the first chunk by the last', async () => {
    const second = {
      tokenizer: { ...tokenizer, padId: 70 },
      encode: (ids: readonly (readonly number[])[]) =>
        Promise.resolve({
          states: tensor([ids.length, 4, 1], Float32Array.from(ids.flat().map((id) => id / 2))),
          pooled: tensor([ids.length, 2], Float32Array.from(ids.flatMap((chunk) => chunk.slice(1, 3)))),
        }),
    }
    const { conditioning, unconditional } = await encodePair([encoder, second], '1 2 3', '9')
    expect(conditioning.context.shape).toEqual([1, 8, 3])
    expect([...unconditional.context.data.subarray(0, 12)]).toEqual(
      [
        [BOS, -BOS, BOS / 2],
        [9, -9, 4.5],
        [EOS, -EOS, EOS / 2],
        [PAD, -PAD, 35],
      ].flat(),
    )
    expect([conditioning, unconditional].map(({ pooled }) => [...(pooled?.data ?? [])])).toEqual([
      [1, 2],
      [9, EOS],
    ])
  })
})
