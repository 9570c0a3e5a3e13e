import type { PromptStyleId } from '../../../../main/contract/generation.ts'

/** A prompt with a stretch of it selected. */
export interface Selected {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** How a style writes the weight of words in brackets: what one press changes, and what stands after the words. */
interface Syntax {
  readonly step: number
  /** The bracket that closes, with a weight of its own in it or after it. */
  readonly closing: RegExp
  readonly closed: (weight: number) => string
}

const INSIDE = { closing: /^\s*(?::\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*)?\)/, closed: (weight: number) => `:${weight})` }

const SYNTAX: Readonly<Record<PromptStyleId, Syntax | undefined>> = {
  plain: undefined,
  a1111: { step: 0.1, ...INSIDE },
  'a1111-no-norm': { step: 0.1, ...INSIDE },
  comfyui: { step: 0.05, ...INSIDE },
  invokeai: { step: 0.1, closing: /^\)(\++|-+(?!\d)|[+-]?(?:\d+\.?\d*|\.\d+))?/, closed: (weight) => `)${weight}` },
}

/** What a bracket without a weight is worth. */
const BARE: Readonly<Record<PromptStyleId, number>> = {
  plain: 1,
  a1111: 1.1,
  'a1111-no-norm': 1.1,
  comfyui: 1.1,
  invokeai: 1,
}

const MOST = 9.9

/**
 * The prompt with the weight of the selected words changed by so many presses, or of the word at the caret, in the style's
 * own syntax; the same words stay selected. Null where the style has no weights or there is nothing to weigh.
 */
export function reweighted(selected: Selected, style: PromptStyleId, presses: number): Selected | null {
  const syntax = SYNTAX[style]
  const words = syntax && wordsOf(selected, syntax)
  if (!words) return null
  const { text, start, end } = words
  const closing = text[start - 1] === '(' ? syntax.closing.exec(text.slice(end)) : null
  const weight = closing ? factorOf(closing[1], BARE[style]) : 1
  const next = Number(Math.min(MOST, Math.max(0, weight + presses * syntax.step)).toFixed(2))
  const before = text.slice(0, closing ? start - 1 : start)
  const inner = text.slice(start, end)
  const after = text.slice(end + (closing?.[0].length ?? 0))
  const isPlain = next === 1
  const from = before.length + (isPlain ? 0 : 1)
  const written = isPlain ? inner : `(${inner}${syntax.closed(next)}`
  return { text: before + written + after, start: from, end: from + inner.length }
}

/** What is to be weighed: the selection without its bracket and the space around it, or the word at the caret. */
function wordsOf({ text, start, end }: Selected, { closing }: Syntax): Selected | null {
  if (start === end) return wordAt(text, start)
  let [from, to] = [start, end]
  while (from < to && /\s/.test(text.charAt(from))) from++
  while (to > from && /\s/.test(text.charAt(to - 1))) to--
  const whole = text.slice(from, to)
  const open = whole.startsWith('(') ? closingAt(text, from) : null
  const bracket = open === null ? null : closing.exec(text.slice(bodyEnd(text, from + 1, open)))
  if (open !== null && bracket && bodyEnd(text, from + 1, open) + bracket[0].length >= to) {
    return { text, start: from + 1, end: bodyEnd(text, from + 1, open) }
  }
  return from === to || !isBalanced(whole) ? null : { text, start: from, end: to }
}

function wordAt(text: string, caret: number): Selected | null {
  const before = /[\p{L}\p{N}'’_-]*$/u.exec(text.slice(0, caret))?.[0].length ?? 0
  const after = /^[\p{L}\p{N}'’_-]*/u.exec(text.slice(caret))?.[0].length ?? 0
  return before + after === 0 ? null : { text, start: caret - before, end: caret + after }
}

/** Where the bracket that opens at `from` closes. */
function closingAt(text: string, from: number): number | null {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '(') depth++
    else if (text[i] === ')' && --depth === 0) return i
  }
  return null
}

/** Where the words of a bracket end, before the weight that may stand inside it. */
function bodyEnd(text: string, from: number, close: number): number {
  const weight = /\s*:\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*$/.exec(text.slice(from, close))
  return weight ? from + weight.index : close
}

function isBalanced(text: string): boolean {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '(') depth++
    else if (text[i] === ')' && --depth < 0) return false
  }
  return depth === 0
}

function factorOf(written: string | undefined, bare: number): number {
  if (written === undefined) return bare
  if (/^\++$/.test(written)) return 1.1 ** written.length
  if (/^-+$/.test(written)) return 0.9 ** written.length
  return Number(written)
}
