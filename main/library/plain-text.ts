import { decode } from 'html-entities'

const HIDDEN = /<(script|style|template|iframe|object)\b[\s\S]*?(?:<\/\1\s*>|$)/gi
const BREAKS = /<(?:br|\/p|\/div|\/li|\/h[1-6]|\/tr)\b[^>]*>/gi
const TAGS = /<!--[\s\S]*?(?:-->|$)|<\/?[a-z][^>]*(?:>|$)/gi
// Control characters but the line feed, and those that turn the direction of what follows.
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g

/** The words of a text that may be HTML, its paragraphs as lines, cut at `limit` characters. */
export function plainText(html: string, limit: number): string {
  // What is cut away later need not be looked at: tags seldom outweigh words by ten.
  const marked = html
    .slice(0, limit * 10)
    .replace(HIDDEN, '')
    .replace(BREAKS, '\n')
    .replace(TAGS, '')
  const lines = decode(marked)
    .replace(/\r\n?/g, '\n')
    .replace(/\t/g, ' ')
    .replace(UNSEEN, '')
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, ' ').trim())
  const text = lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  return text.length > limit ? `${text.slice(0, limit - 1).trimEnd()}…` : text
}
