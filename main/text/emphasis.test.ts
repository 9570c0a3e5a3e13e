import { describe, expect, it } from 'vitest'
import { tensor } from '../tensor/tensor.ts'
import { encodePrompt } from './conditioning.ts'
import type { PromptEncoder, TextEncoder } from './conditioning.ts'

const EMPTY = 9

/** A token a digit; its state is the digit, or that of the empty prompt's 9, less 1 for each token that is hidden. */
function digits(): PromptEncoder {
  const encode: TextEncoder = (ids, hidden) => {
    const states = ids.map((row, n) => {
      const lost = hidden?.[n]?.filter(Boolean).length ?? 0
      return row.map((id) => id - lost)
    })
    return Promise.resolve({ states: tensor([ids.length, 4, 1], Float32Array.from(states.flat())), pooled: null })
  }
  const tokenizer = {
    bosId: EMPTY,
    eosId: EMPTY,
    padId: EMPTY,
    commaId: null,
    contextLength: 4,
    encode: (text: string) => {
      const found = [...text.matchAll(/\d/g)]
      return { ids: found.map(([digit]) => Number(digit)), starts: found.map(({ index }) => index) }
    },
  }
  return { tokenizer, encode }
}

const states = async (text: string, style: Parameters<typeof encodePrompt>[2]) =>
  [...(await encodePrompt([digits()], text, style)).context.data].map((value) => Number(value.toFixed(4)))

describe('emphasis', () => {
  it('is not in a plain prompt, whose brackets are words', async () => {
    expect(await states('4 (2:3)', 'plain')).toEqual([9, 4, 2, 9, 9, 3, 9, 9])
  })

  it('multiplies states, and brings a chunk back to its mean', async () => {
    expect(await states('4 (2:3)', 'a1111-no-norm')).toEqual([9, 4, 6, 9])
    const factor = 24 / 28
    expect(await states('4 (2:3)', 'a1111')).toEqual([9, 4, 6, 9].map((value) => Number((value * factor).toFixed(4))))
  })

  it('leaves the chunks of no weight as they are', async () => {
    const found = await states('4 (2:3) BREAK 5', 'a1111')
    expect(found.slice(4)).toEqual([9, 5, 9, 9])
  })

  it('moves states away from those of the empty prompt', async () => {
    // The empty prompt has 9 in each place.
    expect(await states('4 (2:3)', 'comfyui')).toEqual([9, 4, 9 + (2 - 9) * 3, 9])
  })

  it('blends a lesser fragment with the prompt in which nothing attends to it', async () => {
    // Half: the same share of both; with one token hidden, each state is 1 less.
    const base = [9, 4, 9 + (2 - 9) * 0.5, 9]
    const without = [8, 3, 9 + (1 - 9) * 0.5, 8]
    expect(await states('4 (2)0.5', 'invokeai')).toEqual(
      base.map((value, i) => Number(((value + (without[i] ?? 0)) / 2).toFixed(4))),
    )
  })
})

describe('chunks of other programs', () => {
  it('ComfyUI moves a word that does not fit to the next chunk', async () => {
    expect(await states('1 23', 'comfyui')).toEqual([9, 1, 9, 9, 9, 2, 3, 9])
  })

  it('InvokeAI fills a chunk to the last token', async () => {
    expect(await states('1 23', 'invokeai')).toEqual([9, 1, 2, 9, 9, 3, 9, 9])
  })
})
