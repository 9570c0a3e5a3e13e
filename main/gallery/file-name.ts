const SLUG_CHARACTERS = 60
// File systems count bytes: 255 for a name, and 3 or 4 for a character of most scripts.
const SLUG_BYTES = 150
// Joiners inside a word of Persian or of the Indic scripts; they are part of no name.
const JOINERS = /[\u200c\u200d]/gu
const BETWEEN_WORDS = /[^\p{L}\p{N}\p{M}]+/gu

/**
 * File names for a picture, best first, relative to the gallery's folder:
 * `2026-11/2026-11-22 a-red-fox-in-the-snow 7.png`, then the same with ` (2)`, ` (3)`, …
 * Valid on every system: letters, digits, `-`, space and brackets only, and never a reserved name.
 * @param createdAt milliseconds since 1970; the name carries the local day
 */
export function* pictureFileNames(createdAt: number, prompt: string, seed: number): Generator<string, never> {
  const day = localDay(createdAt)
  const stem = `${day.slice(0, 7)}/${day} ${slug(prompt)} ${seed}`
  yield `${stem}.png`
  for (let copy = 2; ; copy++) yield `${stem} (${copy}).png`
}

/** The words of a prompt in any script, lower case, joined by hyphens; `picture` when there are none. */
export function slug(prompt: string): string {
  const words = prompt.normalize('NFC').toLowerCase().replace(JOINERS, '').replace(BETWEEN_WORDS, '-')
  return cutBetweenWords(words.replace(/^-|-$/g, '')) || 'picture'
}

function cutBetweenWords(words: string): string {
  const fitting = longestFitting(words)
  if (fitting.length === words.length) return words
  const atWordEnd = words[fitting.length] === '-'
  const lastGap = fitting.lastIndexOf('-')
  // One long word, or a script without gaps, is cut where the room ends.
  return atWordEnd || lastGap < fitting.length / 2 ? fitting.replace(/-$/, '') : fitting.slice(0, lastGap)
}

function longestFitting(text: string): string {
  let fitting = ''
  let characters = 0
  let bytes = 0
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text.slice(0, 1000))) {
    characters += 1
    bytes += Buffer.byteLength(segment)
    if (characters > SLUG_CHARACTERS || bytes > SLUG_BYTES) break
    fitting += segment
  }
  return fitting
}

function localDay(time: number): string {
  const date = new Date(time)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
