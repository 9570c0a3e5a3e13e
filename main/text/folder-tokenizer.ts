import { StudioError } from '../contract/failure.ts'
import { bpeTokenizer, parseMerges } from './tokenizer.ts'
import type { Tokenizer } from './tokenizer.ts'

/** The texts of a tokenizer folder's files, laid out as transformers writes them. */
export interface TokenizerFiles {
  readonly vocabularyJson: string
  readonly mergesText: string
  /** special_tokens_map.json and tokenizer_config.json; the first to name a special token wins. */
  readonly specialTokensJson?: string | undefined
  readonly configJson?: string | undefined
}

type SpecialTokens = { bos: string; eos: string; unknown: string; pad: string }

/**
 * The tokenizer of a model folder, with its own vocabulary, special tokens and padding.
 * @param contextLength of the text encoder; a smaller model_max_length in the files wins
 * @throws StudioError checkpoint-unsupported, naming the file
 */
export function folderTokenizer(files: TokenizerFiles, contextLength: number): Tokenizer {
  const vocabulary = parseVocabulary(files.vocabularyJson)
  const config = parseObject(files.configJson ?? '{}', 'tokenizer_config.json')
  const special = specialTokens([parseObject(files.specialTokensJson ?? '{}', 'special_tokens_map.json'), config])
  const longest = config['model_max_length']
  for (const token of Object.values(special)) {
    if (!vocabulary.has(token)) throw unsupported('vocab.json', `the special token ${token}`, 'none')
  }
  return bpeTokenizer({
    ...special,
    vocabulary,
    merges: parseMerges(files.mergesText),
    contextLength: typeof longest === 'number' && longest > 2 ? Math.min(contextLength, longest) : contextLength,
  })
}

function specialTokens(sources: readonly Record<string, unknown>[]): SpecialTokens {
  const named = (name: string, otherwise: string): string =>
    sources.map((source) => contentOf(source[name])).find((content) => content !== undefined) ?? otherwise
  const eos = named('eos_token', '<|endoftext|>')
  return {
    bos: named('bos_token', '<|startoftext|>'),
    eos,
    unknown: named('unk_token', eos),
    pad: named('pad_token', eos),
  }
}

/** A special token is written as its text, or as an object with the text in `content`. */
function contentOf(token: unknown): string | undefined {
  const content = typeof token === 'object' && token !== null && 'content' in token ? token.content : token
  return typeof content === 'string' ? content : undefined
}

function parseVocabulary(json: string): ReadonlyMap<string, number> {
  const vocabulary = new Map<string, number>()
  for (const [token, id] of Object.entries(parseObject(json, 'vocab.json'))) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) {
      throw unsupported('vocab.json', `a whole number for the token ${token}`, JSON.stringify(id))
    }
    vocabulary.set(token, id)
  }
  return vocabulary
}

function parseObject(json: string, file: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw unsupported(file, 'JSON', 'text that does not parse', cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unsupported(file, 'a JSON object', JSON.stringify(value).slice(0, 80))
  }
  return Object.fromEntries(Object.entries(value))
}

function unsupported(file: string, expected: string, found: string, cause?: unknown): StudioError {
  return new StudioError('checkpoint-unsupported', `${file}: expected ${expected}, found ${found}`, { cause })
}
