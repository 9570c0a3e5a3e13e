import { bytePairEncoder } from './byte-pairs.ts'
import { SYMBOLS_IN_VOCABULARY_ORDER } from './byte-symbols.ts'
import { cleanLikeClip } from './cleaning.ts'
import type { Cleaning } from './cleaning.ts'
import { originalOffsets } from './offsets.ts'

export interface Encoding {
  /** Content tokens: without BOS, EOS and padding, unless the prompt spells them out. */
  readonly ids: readonly number[]
  /** Where each token starts in the given text, in UTF-16 units; where cleaning moved much about, the nearest word. */
  readonly starts: readonly number[]
}

export interface Tokenizer {
  readonly bosId: number
  readonly eosId: number
  /** CLIP pads with EOS, OpenCLIP with 0. */
  readonly padId: number
  /** Of a comma that ends a word, where a long prompt may be broken; null when the vocabulary has none. */
  readonly commaId: number | null
  /** Tokens the text encoder takes at once, BOS and EOS included: 77 for CLIP. */
  readonly contextLength: number
  /** Whether a token goes on with a word that is never split between chunks; absent where there are none. */
  readonly continuesWord?: (id: number) => boolean
  encode(text: string): Encoding
}

export interface BpeOptions {
  readonly vocabulary: Readonly<Record<string, number>> | ReadonlyMap<string, number>
  readonly merges: readonly string[]
  readonly contextLength?: number
  /** The spelling of the special tokens; each must be in the vocabulary. */
  readonly bos?: string
  readonly eos?: string
  readonly unknown?: string
  readonly pad?: string
  readonly clean?: Cleaning
}

/** CLIP's special tokens. */
export const BOS = '<|startoftext|>'
export const EOS = '<|endoftext|>'
const CLIP_CONTEXT_LENGTH = 77

/**
 * A byte-pair tokenizer over the given vocabulary; where nothing else is said, with CLIP's special tokens and cleaning.
 * @throws RangeError when a special token is not in the vocabulary
 */
export function bpeTokenizer(options: BpeOptions): Tokenizer {
  const { bos = BOS, eos = EOS, clean = cleanLikeClip, contextLength = CLIP_CONTEXT_LENGTH } = options
  const vocabulary = asMap(options.vocabulary)
  const special = new Map([bos, eos].map((token) => [token, requireId(vocabulary, token)]))
  const encodeWord = bytePairEncoder({
    vocabulary,
    merges: options.merges,
    unknownId: requireId(vocabulary, options.unknown ?? eos),
  })
  const words = wordPattern([...special.keys()])

  const encode = (text: string): Encoding => {
    const cleaned = clean(text)
    const originalOffset = originalOffsets(text, cleaned, clean)
    const ids: number[] = []
    const starts: number[] = []
    for (const { 0: word, index } of cleaned.matchAll(words)) {
      const specialId = special.get(word)
      for (const id of specialId === undefined ? encodeWord(word) : [specialId]) {
        ids.push(id)
        starts.push(originalOffset(index))
      }
    }
    return { ids, starts }
  }

  return {
    bosId: requireId(vocabulary, bos),
    eosId: requireId(vocabulary, eos),
    padId: requireId(vocabulary, options.pad ?? eos),
    commaId: vocabulary.get(',</w>') ?? null,
    contextLength,
    encode,
  }
}

/** What may differ between the models that share CLIP's vocabulary. */
export type ClipOptions = Pick<BpeOptions, 'pad' | 'contextLength' | 'clean'>

/**
 * The tokenizer of models without one of their own, over CLIP's vocabulary: the byte symbols, the same ending a word,
 * one entry a merge, BOS and EOS.
 * @param mergesText merges a line, after a version line
 */
export function clipTokenizer(mergesText: string, options: ClipOptions = {}): Tokenizer {
  const merges = parseMerges(mergesText)
  const tokens = [
    ...SYMBOLS_IN_VOCABULARY_ORDER,
    ...SYMBOLS_IN_VOCABULARY_ORDER.map((symbol) => `${symbol}</w>`),
    ...merges.map((pair) => pair.replace(' ', '')),
    BOS,
    EOS,
  ]
  return bpeTokenizer({ ...options, vocabulary: new Map(tokens.map((token, id) => [token, id])), merges })
}

/** The merges of a merges.txt, strongest first: two symbols a line; the first line may name a version. */
export function parseMerges(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  return lines[0]?.startsWith('#version') ? lines.slice(1) : lines
}

/** CLIP's split into words: special tokens, contractions, runs of letters, single digits, runs of anything else visible. */
function wordPattern(specialTokens: readonly string[]): RegExp {
  const special = specialTokens.map((token) => token.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|')
  // ſ is s in a case-insensitive match, which the original asks for; the text is in lower case already.
  return new RegExp(`${special}|'[sſ]|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\p{White_Space}\\p{L}\\p{N}]+`, 'gu')
}

function asMap(vocabulary: BpeOptions['vocabulary']): ReadonlyMap<string, number> {
  return vocabulary instanceof Map ? vocabulary : new Map(Object.entries(vocabulary))
}

function requireId(vocabulary: ReadonlyMap<string, number>, token: string): number {
  const id = vocabulary.get(token)
  if (id === undefined) throw new RangeError(`expected the special token ${token} in the vocabulary, found none`)
  return id
}
