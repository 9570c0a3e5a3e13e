import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { folderTokenizer } from './folder-tokenizer.ts'

const starter = (name: string): string =>
  readFileSync(new URL(`../../resources/models/starter/tokenizer/${name}`, import.meta.url), 'utf8')

const files = {
  vocabularyJson: starter('vocab.json'),
  mergesText: starter('merges.txt'),
  specialTokensJson: starter('special_tokens_map.json'),
  configJson: starter('tokenizer_config.json'),
}

describe('folderTokenizer', () => {
  it("reads the built-in model's vocabulary, special tokens and context length", () => {
    const tokenizer = folderTokenizer(files, 77)
    expect(tokenizer).toMatchObject({ bosId: 2912, eosId: 2913, padId: 2913, contextLength: 32 })
    const spelling = new Map(
      Object.entries(JSON.parse(files.vocabularyJson) as Record<string, number>).map(([token, id]) => [id, token]),
    )
    const words = tokenizer.encode('A red fox, in SNOW').ids.map((id) => spelling.get(id))
    expect(words.join('').split('</w>')).toEqual(['a', 'red', 'fox', ',', 'in', 'snow', ''])
  })

  it("takes the padding that the files name, and the text encoder's length where they name none", () => {
    const openClip = {
      ...files,
      specialTokensJson: '{"pad_token": {"content": "!"}}',
      configJson: '{"model_max_length": 1e30}',
    }
    expect(folderTokenizer(openClip, 77)).toMatchObject({ eosId: 2913, padId: 0, contextLength: 77 })
  })

  it.each([
    [{ vocabularyJson: '{' }, /vocab\.json: expected JSON/],
    [{ vocabularyJson: '[]' }, /vocab\.json: expected a JSON object, found \[\]/],
    [{ vocabularyJson: '{"a": "0"}' }, /vocab\.json: expected a whole number for the token a, found "0"/],
    [{ vocabularyJson: '{"a": 0}' }, /vocab\.json: expected the special token <\|startoftext\|>, found none/],
    [{ configJson: '3' }, /tokenizer_config\.json: expected a JSON object/],
  ])('says which file is wrong and how: %j', (change, message) => {
    expect(() => folderTokenizer({ ...files, ...change }, 77)).toThrow(message)
  })
})
