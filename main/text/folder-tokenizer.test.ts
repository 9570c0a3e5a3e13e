import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { folderTokenizer } from './folder-tokenizer.ts'

const starter = (name: string): string =>
  readFileSync(new URL(`../../resources/models/starter/tokenizer/${name}`, import.meta.url), 'utf8')

const folder = {
  vocabularyJson: starter('vocab.json'),
  mergesText: starter('merges.txt'),
  bosToken: '<|startoftext|>',
  eosToken: '<|endoftext|>',
  padToken: '<|endoftext|>',
  unknownToken: '<|endoftext|>',
}

describe('folderTokenizer', () => {
  it("cuts prompts by the built-in model's own vocabulary", () => {
    const tokenizer = folderTokenizer(folder, 32)
    expect(tokenizer).toMatchObject({ bosId: 2912, eosId: 2913, padId: 2913, contextLength: 32 })
    const ids = JSON.parse(folder.vocabularyJson) as Record<string, number>
    const spelling = new Map(Object.entries(ids).map(([token, id]) => [id, token]))
    const tokens = tokenizer.encode('A red fox, in SNOW').ids.map((id) => spelling.get(id))
    expect(tokens.join('').split('</w>')).toEqual(['a', 'red', 'fox', ',', 'in', 'snow', ''])
  })

  it('pads with the token that the folder names', () => {
    expect(folderTokenizer({ ...folder, padToken: '!' }, 77)).toMatchObject({
      eosId: 2913,
      padId: 0,
      contextLength: 77,
    })
  })

  it.each([
    [{ vocabularyJson: '{' }, 'expected JSON, found text that does not parse'],
    [{ vocabularyJson: '[]' }, 'expected a JSON object of token to id, found []'],
    [{ vocabularyJson: '{"a": "0"}' }, 'expected a whole number for the token a, found "0"'],
    [{ padToken: '[PAD]' }, 'expected the special token [PAD], found none'],
  ])('says what is wrong with the vocabulary: %j', (change, message) => {
    expect(() => folderTokenizer({ ...folder, ...change }, 77)).toThrow(`vocab.json: ${message}`)
  })
})
