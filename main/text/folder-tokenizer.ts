import { StudioError } from '../contract/failure.ts'
import { cleanLikeTransformers } from './cleaning.ts'
import { BOS, bpeTokenizer, EOS, parseMerges } from './tokenizer.ts'
import type { Tokenizer } from './tokenizer.ts'

/** A model folder's own tokenizer: its files' texts and the spelling of its special tokens, CLIP's where not given. */
export interface FolderVocabulary {
  readonly vocabularyJson: string
  readonly mergesText: string
  readonly bosToken?: string
  readonly eosToken?: string
  readonly padToken?: string
  readonly unknownToken?: string
}

/**
 * The tokenizer of a model folder, with its own vocabulary, special tokens and padding. It cleans prompts as
 * transformers does, which such folders are written for.
 * @param contextLength of the text encoder
 * @throws StudioError checkpoint-unsupported
 */
export function folderTokenizer(folder: FolderVocabulary, contextLength: number): Tokenizer {
  const vocabulary = parseVocabulary(folder.vocabularyJson)
  const { bosToken: bos = BOS, eosToken: eos = EOS } = folder
  const { padToken: pad = eos, unknownToken: unknown = eos } = folder
  for (const token of [bos, eos, pad, unknown]) {
    if (!vocabulary.has(token)) throw unsupported(`the special token ${token}`, 'none')
  }
  const merges = parseMerges(folder.mergesText)
  return bpeTokenizer({ vocabulary, merges, bos, eos, pad, unknown, contextLength, clean: cleanLikeTransformers })
}

function parseVocabulary(json: string): ReadonlyMap<string, number> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw unsupported('JSON', 'text that does not parse', cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unsupported('a JSON object of token to id', JSON.stringify(value).slice(0, 80))
  }
  const vocabulary = new Map<string, number>()
  for (const [token, id] of Object.entries(value) as [string, unknown][]) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) {
      throw unsupported(`a whole number for the token ${token}`, JSON.stringify(id))
    }
    vocabulary.set(token, id)
  }
  return vocabulary
}

function unsupported(expected: string, found: string, cause?: unknown): StudioError {
  return new StudioError('checkpoint-unsupported', `vocab.json: expected ${expected}, found ${found}`, { cause })
}
