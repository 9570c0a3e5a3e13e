import { describe, expect, it } from 'vitest'
import { commaChunks, fullChunks, wordChunks } from './chunks.ts'
import { namesIn, withWords } from './named-words.ts'
import { BOS, EOS, bpeTokenizer } from './tokenizer.ts'

const letters = ['a', 'b', 'c', 'x', ',', '<', '>', ':', '-', '(', ')']
const vocabulary = new Map(
  [...letters, ...letters.map((letter) => `${letter}</w>`), BOS, EOS].map((token, id) => [token, id]),
)
const tokenizer = bpeTokenizer({ vocabulary, merges: [], contextLength: 10 })
const [A, COMMA] = [vocabulary.get('a</w>') ?? -1, vocabulary.get(',</w>') ?? -1]
const words = [
  { name: 'Cat', ids: [100, 101, 102] },
  { name: 'cat-b', ids: [103] },
]
const taught = withWords(tokenizer, words)

describe('a name is called', () => {
  it.each([
    ['a Cat, a', ['Cat']],
    ['a cAT', ['Cat']],
    ['cat-b', ['cat-b']],
    ['cats concat cat_2', []],
    ['<cat>', ['Cat']],
    ['embedding:cat', ['Cat']],
    ['embedding:cat-b.safetensors, cat', ['Cat', 'cat-b']],
    ['(cat:1.2)', ['Cat']],
    ['[cat|cat-b]', ['Cat', 'cat-b']],
  ])('in %j: %j', (text, names) => {
    expect(namesIn(text, ['Cat', 'cat-b'])).toEqual(names)
  })

  it('by signs in it as they are, and by a name within brackets of its own', () => {
    expect(namesIn('x <toy.a> x', ['<toy.a>', 'toyXa'])).toEqual(['<toy.a>'])
    expect(namesIn('a b', [])).toEqual([])
  })
})

describe('its vectors', () => {
  it('stand in its place, the longest name first, and know where they were typed', () => {
    expect(taught.encode('a cat, cat-b a')).toEqual({
      ids: [A, 100, 101, 102, COMMA, 103, A],
      starts: [0, 2, 2, 2, 5, 7, 13],
    })
    expect(taught.encode('embedding:cat.pt a').ids).toEqual([100, 101, 102, A])
  })

  it.each([
    ['AUTOMATIC1111', commaChunks],
    ['ComfyUI', wordChunks],
    ['InvokeAI', fullChunks],
  ])('are never split between two chunks of %s’s', (_, cut) => {
    const fragments = [
      { text: 'a a a a a a ', weight: 1, start: 0 },
      { text: 'cat', weight: 1.5, start: 12 },
    ]
    const chunks = cut(taught, fragments)
    const content = chunks.map(({ ids }) => ids.filter((id) => id === A || id >= 100))
    expect(content).toEqual([Array(6).fill(A), [100, 101, 102]])
    expect(chunks[1]?.weights.slice(1, 4)).toEqual([1.5, 1.5, 1.5])
  })
})
