// Scripts written without gaps: each character is a word, and a search for two of them is a search for the pair.
const UNGAPPED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`
const WORD = new RegExp(
  String.raw`[${UNGAPPED}]\p{M}*|[\p{Extended_Pictographic}\p{Regional_Indicator}]|(?:(?![${UNGAPPED}])[\p{L}\p{N}])(?:(?![${UNGAPPED}])[\p{L}\p{N}\p{M}])*`,
  'gu',
)
// Accents of the Latin and Greek alphabets; elsewhere a mark changes the letter.
const ACCENTS = /(?<=[\p{Script=Latin}\p{Script=Greek}])\p{Mn}+/gu

/**
 * The words of a text as the search index keeps them, joined by spaces: lower case, no accents, compatibility
 * forms unified. The index splits at the spaces alone, so this function decides what a word is for texts and
 * queries alike, in every script and whatever SQLite's Unicode tables know.
 */
export function searchWords(text: string): string {
  return wordsOf(text).join(' ')
}

/**
 * The FTS5 query for what a person typed: every word must begin a word of the prompt, in any order; the parts of
 * `ice-cold` must follow each other. `negative:word` looks in the negative prompt. Null when there is no word.
 */
export function searchQuery(text: string): string | null {
  const terms = text
    .trim()
    .split(/\s+/u)
    .map((term) => {
      const negative = /^negative:(?=.)/iu.exec(term)
      const words = wordsOf(negative ? term.slice(negative[0].length) : term)
      // Words hold letters, digits and pictographs only, so nothing typed can end the quotes.
      return words.length === 0 ? null : `${negative ? 'negative_prompt' : 'prompt'} : "${words.join(' ')}"*`
    })
  const phrases = [...new Set(terms.filter((term) => term !== null))]
  return phrases.length === 0 ? null : phrases.join(' AND ')
}

function wordsOf(text: string): string[] {
  const folded = text.normalize('NFKD').toLowerCase().replace(ACCENTS, '').normalize('NFC')
  return folded.match(WORD) ?? []
}
