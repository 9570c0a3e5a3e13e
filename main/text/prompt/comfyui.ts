import type { Fragment } from './fragment.ts'

const STEP = 1.1
/** Stand in for brackets that are text, as long as those with their backslash. */
const [OPEN, CLOSE] = ['\0\u0001', '\0\u0002']

/**
 * A prompt in ComfyUI's syntax: (more), and (word:1.3), whose weight holds whatever stands around it; no square brackets.
 * A backslash makes a bracket text.
 */
export function comfyFragments(prompt: string): Fragment[] {
  const escaped = prompt.replaceAll('\\(', OPEN).replaceAll('\\)', CLOSE)
  return weighted(escaped, 1, 0).map(({ text, ...rest }) => ({ ...rest, text: unescape(text) }))
}

function weighted(text: string, weight: number, start: number): Fragment[] {
  return outerBrackets(text).flatMap(({ piece, at }) => {
    if (piece.length < 2 || !piece.startsWith('(') || !piece.endsWith(')'))
      return [{ text: piece, weight, start: start + at }]
    const inner = piece.slice(1, -1)
    const colon = inner.lastIndexOf(':')
    const own = colon > 0 ? numberOf(inner.slice(colon + 1)) : null
    return own === null
      ? weighted(inner, weight * STEP, start + at + 1)
      : weighted(inner.slice(0, colon), own, start + at + 1)
  })
}

/** The text cut where the outermost brackets open and close. */
function outerBrackets(text: string): { piece: string; at: number }[] {
  const pieces: { piece: string; at: number }[] = []
  let [depth, from] = [0, 0]
  const cut = (to: number) => {
    if (to > from) pieces.push({ piece: text.slice(from, to), at: from })
    from = to
  }
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(' && depth++ === 0) cut(i)
    else if (text[i] === ')' && --depth === 0) cut(i + 1)
  }
  cut(text.length)
  return pieces
}

function numberOf(text: string): number | null {
  return /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : null
}

function unescape(text: string): string {
  return text.replaceAll(OPEN, '(').replaceAll(CLOSE, ')')
}
