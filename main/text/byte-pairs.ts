import { byteSymbols } from './byte-symbols.ts'

const END_OF_WORD = '</w>'
const CACHED_WORDS = 20_000

export interface BytePairs {
  /** Token to id. */
  readonly vocabulary: ReadonlyMap<string, number>
  /** Two symbols with a space between, the strongest first. */
  readonly merges: readonly string[]
  /** What a symbol outside the vocabulary becomes. */
  readonly unknownId: number
}

/**
 * A function from a word to its token ids: byte-level byte-pair encoding with an end-of-word mark, as of GPT and CLIP.
 * Sennrich et al. 2016 (arXiv 1508.07909), Algorithm 1.
 */
export function bytePairEncoder({ vocabulary, merges, unknownId }: BytePairs): (word: string) => readonly number[] {
  const ranks = new Map(merges.map((pair, rank) => [pair, rank]))
  const known = new Map<string, readonly number[]>()
  return (word) => {
    const cached = known.get(word)
    if (cached) return cached
    const ids = merged(symbolsOf(word), ranks).map((symbol) => vocabulary.get(symbol) ?? unknownId)
    if (known.size >= CACHED_WORDS) known.clear()
    known.set(word, ids)
    return ids
  }
}

function symbolsOf(word: string): string[] {
  const symbols = byteSymbols(word)
  const last = symbols.pop()
  return last === undefined ? [] : [...symbols, last + END_OF_WORD]
}

/**
 * Joins the neighbours of lowest rank, everywhere they occur, until no neighbours have a rank. Ranks of neighbours are
 * kept between rounds, so that a word of thousands of letters does not hold up the prompt field.
 */
function merged(word: readonly string[], ranks: ReadonlyMap<string, number>): readonly string[] {
  const rankOf = (left = '', right = ''): number => ranks.get(`${left} ${right}`) ?? Infinity
  const symbols = [...word]
  const pairRanks = symbols.map((symbol, i) => (i + 1 < symbols.length ? rankOf(symbol, symbols[i + 1]) : Infinity))
  for (;;) {
    const best = pairRanks.reduce((least, rank) => (rank < least ? rank : least), Infinity)
    if (best === Infinity) return symbols
    let kept = 0
    let wasJoined = false
    for (let i = 0; i < symbols.length; i++) {
      const isJoined = pairRanks[i] === best
      const symbol = isJoined ? `${symbols[i] ?? ''}${symbols[i + 1] ?? ''}` : (symbols[i] ?? '')
      const rankIsKnown = !isJoined && !wasJoined
      if (kept > 0)
        pairRanks[kept - 1] = rankIsKnown ? (pairRanks[i - 1] ?? Infinity) : rankOf(symbols[kept - 1], symbol)
      symbols[kept++] = symbol
      wasJoined = isJoined
      if (isJoined) i++
    }
    symbols.length = kept
    pairRanks.length = kept
    pairRanks[kept - 1] = Infinity
  }
}
