import { merged } from './fragment.ts'
import type { Fragment } from './fragment.ts'

const [MORE, LESS] = [1.1, 0.9]

const WORD = /(?:\\[()",.+\-=]|[+-](?![\s()",.+\-=]|$)|[^\s()",.+\-=\\]|\\)+/y
const FREE_WORD = /\S+/y
const RUN = /\++|-+/y
const RUN_OR_NUMBER = /\++|-+(?!\d|\.\d)|[+-]?(?:\d+\.\d*|\.\d+)|-?\d+/y
const ATTEND = /\.attend\(\s*(\++|-+(?!\d|\.\d)|[+-]?(?:\d+\.\d*|\.\d+)|-?\d+)\s*\)/y

interface Read {
  readonly fragments: Fragment[]
  readonly end: number
}

/**
 * A prompt in InvokeAI's syntax (the compel library's): word++, word--, (some words)1.3, (some words)+, "quoted".attend(1.3);
 * nested weights multiply. A backslash makes a sign text. Its .blend, .and and .swap are text here.
 */
export function invokeFragments(prompt: string): Fragment[] {
  const { fragments } = readUntil(prompt, 0, null)
  const whole = merged(fragments, ' ').map((fragment) => ({ ...fragment, text: unescape(fragment.text) }))
  return whole.length === 0 ? [{ text: '', weight: 1, start: 0 }] : whole
}

/** What stands before `closing`, or before the end of the text; inside of brackets commas and points stand alone. */
function readUntil(source: string, from: number, closing: ')' | '"' | null): Read {
  const fragments: Fragment[] = []
  let at = from
  for (;;) {
    at = matchAt(/\s*/y, source, at).end
    if (at >= source.length || source[at] === closing) return { fragments, end: at }
    const item = group(source, at) ?? weightedWord(source, at) ?? word(source, at, closing)
    fragments.push(...item.fragments)
    at = item.end
  }
}

/** ( … ) or " … " and the weight that may follow at once; null when it is not closed. */
function group(source: string, at: number): Read | null {
  const closing = source[at] === '(' ? ')' : source[at] === '"' ? '"' : null
  if (closing === null) return null
  const inner = readUntil(source, at + 1, closing)
  return source[inner.end] === closing ? weighed(source, inner.fragments, inner.end + 1, RUN_OR_NUMBER) : null
}

/** A word and the run of signs, or the operator, that makes it more or less; null without one. */
function weightedWord(source: string, at: number): Read | null {
  const { text, end } = matchAt(WORD, source, at)
  if (text === '') return null
  const read = weighed(source, [{ text, weight: 1, start: at }], end, RUN)
  return read.end > end ? read : null
}

function word(source: string, at: number, closing: ')' | '"' | null): Read {
  const free = matchAt(closing === null ? FREE_WORD : WORD, source, at)
  const { text, end } = free.text === '' ? { text: source.charAt(at), end: at + 1 } : free
  return { fragments: [{ text, weight: 1, start: at }], end }
}

function weighed(source: string, fragments: Fragment[], at: number, sign: RegExp): Read {
  ATTEND.lastIndex = at
  const operator = ATTEND.exec(source)
  const { text, end } = operator ? { text: operator[1] ?? '', end: ATTEND.lastIndex } : matchAt(sign, source, at)
  const factor = text === '' ? 1 : factorOf(text)
  return { fragments: fragments.map((fragment) => ({ ...fragment, weight: fragment.weight * factor })), end }
}

function factorOf(text: string): number {
  if (/^\++$/.test(text)) return MORE ** text.length
  if (/^-+$/.test(text)) return LESS ** text.length
  return Number(text)
}

function matchAt(pattern: RegExp, source: string, at: number): { text: string; end: number } {
  pattern.lastIndex = at
  const text = pattern.exec(source)?.[0] ?? ''
  return { text, end: at + text.length }
}

function unescape(text: string): string {
  return text.replace(/\\([()"])/g, '$1')
}
