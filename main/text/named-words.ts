import type { Encoding, Tokenizer } from './tokenizer.ts'

/** A word with vectors of its own (textual inversion): ids beyond the vocabulary, one a vector. */
export interface NamedWord {
  readonly name: string
  readonly ids: readonly number[]
}

/**
 * Those of the names that the text calls: as a word, whatever the case, as `<name>` or as ComfyUI's `embedding:name`. Where
 * several begin at one place the longest is meant.
 */
export function namesIn(text: string, names: readonly string[]): string[] {
  const pattern = namePattern(names)
  if (!pattern) return []
  const called = new Set([...text.matchAll(pattern)].map(calledName))
  return names.filter((name) => called.has(name.toLowerCase()))
}

/** The tokenizer with these words in its vocabulary. */
export function withWords(tokenizer: Tokenizer, words: readonly NamedWord[]): Tokenizer {
  const pattern = namePattern(words.map(({ name }) => name))
  if (!pattern) return tokenizer
  const idsOf = new Map(words.map(({ name, ids }) => [name.toLowerCase(), ids]))
  const continuing = new Set(words.flatMap(({ ids }) => ids.slice(1)))
  const encode = (text: string): Encoding => {
    const ids: number[] = []
    const starts: number[] = []
    let from = 0
    const encodePlain = (to: number) => {
      const encoding = tokenizer.encode(text.slice(from, to))
      ids.push(...encoding.ids)
      starts.push(...encoding.starts.map((start) => from + start))
    }
    for (const match of text.matchAll(pattern)) {
      encodePlain(match.index)
      const own = idsOf.get(calledName(match)) ?? []
      ids.push(...own)
      starts.push(...own.map(() => match.index))
      from = match.index + match[0].length
    }
    encodePlain(text.length)
    return { ids, starts }
  }
  return { ...tokenizer, encode, continuesWord: (id) => continuing.has(id) }
}

/** The name's group among those of the pattern, in lower case. */
function calledName(match: RegExpMatchArray): string {
  return (match[1] ?? match[2] ?? match[3] ?? '').toLowerCase()
}

/** Null without names. */
function namePattern(names: readonly string[]): RegExp | null {
  if (names.length === 0) return null
  const any = [...names]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
    .join('|')
  // A name is no part of a longer word, unless it begins or ends with a sign.
  const word = String.raw`(?:(?<![\p{L}\p{N}_])|(?![\p{L}\p{N}_]))(${any})(?:(?![\p{L}\p{N}_])|(?<![\p{L}\p{N}_]))`
  const comfy = String.raw`embedding:(${any})(?:\.(?:pt|bin|safetensors))?(?![\p{L}\p{N}_])`
  return new RegExp(`${comfy}|<(${any})>|${word}`, 'giu')
}
