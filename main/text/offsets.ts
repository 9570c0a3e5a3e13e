import type { Cleaning } from './cleaning.ts'

const WORD = /\P{White_Space}+/gu

interface Span {
  readonly start: number
  readonly end: number
  readonly originalStart: number
  readonly originalEnd: number
}

/**
 * A function from an offset in the cleaned text to the one in the original, both in UTF-16 units. Offsets must be
 * asked for in ascending order. Exact where each word, cleaned by itself, gives its part of the cleaned text, as it
 * nearly always does; to the character where the word kept its length, else to the word. In other texts, by proportion.
 */
export function originalOffsets(original: string, cleaned: string, clean: Cleaning): (offset: number) => number {
  if (original.toLowerCase() === cleaned) return (offset) => offset
  const spans = wordSpans(original, clean)
  if (spans.text !== cleaned) return (offset) => Math.round((offset / cleaned.length) * original.length)
  let at = 0
  return (offset) => {
    while (offset >= (spans.words[at]?.end ?? Infinity)) at++
    const word = spans.words[at]
    if (!word) return original.length
    const keptLength = word.end - word.start === word.originalEnd - word.originalStart
    return keptLength ? word.originalStart + Math.max(0, offset - word.start) : word.originalStart
  }
}

/** The words of the original, cleaned one by one, and the text they make with a space between. */
function wordSpans(original: string, clean: Cleaning): { text: string; words: Span[] } {
  const words: Span[] = []
  let text = ''
  for (const { 0: word, index } of original.matchAll(WORD)) {
    const cleanedWord = clean(word)
    if (cleanedWord === '') continue
    if (text !== '') text += ' '
    words.push({
      start: text.length,
      end: text.length + cleanedWord.length,
      originalStart: index,
      originalEnd: index + word.length,
    })
    text += cleanedWord
  }
  return { text, words }
}
