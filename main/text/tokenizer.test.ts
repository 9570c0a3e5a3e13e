import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cleanLikeBert, cleanLikeTransformers } from './cleaning.ts'
import { bpeTokenizer, clipTokenizer } from './tokenizer.ts'

const merges = readFileSync(new URL('../../resources/vocabularies/clip-merges.txt', import.meta.url), 'utf8')
const clip = clipTokenizer(merges)

describe('clipTokenizer', () => {
  it.each([
    ['a photograph of an astronaut riding a horse', [320, 8853, 539, 550, 18376, 6765, 320, 4558]],
    ['', []],
    [' \t\n ', []],
    ['🎨', [13461]],
    ["it's", [585, 568]],
    ['1234', [272, 273, 274, 275]],
    ['cafÃ©', [15304]],
    ['café', [15304]],
    ['&lt;', [283]],
    ['a <|EndOfText|> b', [320, 49407, 321]],
    ['日本語', [39121, 44353, 34002, 508]],
    ['don’t', [847, 713]],
  ])('cuts %j as the original does', (text, ids) => {
    expect(clip.encode(text).ids).toEqual(ids)
  })

  it('has the special tokens of CLIP', () => {
    expect(clip).toMatchObject({ bosId: 49406, eosId: 49407, padId: 49407, commaId: 267, contextLength: 77 })
  })

  it('pads with another token where a model asks for it', () => {
    expect(clipTokenizer(merges, { pad: '!' }).padId).toBe(0)
  })

  it('leaves half-written references alone when it cleans like transformers', () => {
    const tokenizer = clipTokenizer(merges, { clean: cleanLikeTransformers })
    expect(tokenizer.encode('5 &lt 6').ids).toEqual([276, 261, 3333, 277])
    expect(tokenizer.encode('5 &lt; 6').ids).toEqual([276, 283, 277])
  })

  it('drops accents and sets marks apart when it cleans like BERT', () => {
    const tokenizer = clipTokenizer(merges, { clean: cleanLikeBert })
    expect(tokenizer.encode('Café!!').ids).toEqual(clip.encode('cafe ! !').ids)
    expect(tokenizer.encode('日本').ids).toEqual(clip.encode('日 本').ids)
  })
})

describe('where tokens start', () => {
  const startsIn = (text: string): string[] => clip.encode(text).starts.map((start) => text.slice(start, start + 3))

  it('is exact in plain text', () => {
    expect(clip.encode('Hello, World!').starts).toEqual([0, 5, 7, 12])
  })

  it('counts UTF-16 units, through white space that collapses and characters that are replaced', () => {
    expect(startsIn('  🎨🎨   “Red”\n\nFOX')).toEqual(
      expect.arrayContaining(['🎨🎨'.slice(0, 3), '“Re', 'Red', '”\n\n', 'FOX']),
    )
    expect(startsIn('oﬃce cat')).toEqual(['oﬃc', 'cat'])
    expect(startsIn('a &amp; b')).toEqual(['a &', '&am', 'b'])
  })

  it('stays inside the text and ascends where cleaning moved everything', () => {
    const text = 'ÃƒÂ© &amp;amp;amp; Ã© <b>'
    const { starts } = clip.encode(text)
    expect(starts).toEqual([...starts].sort((a, b) => a - b))
    expect(starts.every((start) => start >= 0 && start < text.length)).toBe(true)
  })
})

describe('bpeTokenizer', () => {
  const vocabulary = { a: 0, b: 1, 'a</w>': 2, 'b</w>': 3, ab: 4, 'ab</w>': 5, '[s]': 6, '[e]': 7, constructor: 8 }
  const options = { vocabulary, merges: ['a b</w>', 'a b'], bos: '[s]', eos: '[e]' }

  it('applies the strongest merge first, wherever it occurs', () => {
    expect(bpeTokenizer(options).encode('ab abab bab').ids).toEqual([5, 4, 5, 1, 5])
  })

  it('gives the unknown token for what the vocabulary lacks', () => {
    expect(bpeTokenizer({ ...options, unknown: '[s]' }).encode('ac').ids).toEqual([0, 6])
  })

  it('refuses a vocabulary without its special tokens', () => {
    expect(() => bpeTokenizer({ ...options, eos: '<end>' })).toThrow(/<end>/)
  })
})
