import { StudioError } from '../../contract/failure.ts'
import { merged } from './fragment.ts'
import type { Fragment } from './fragment.ts'

/** What one pair of round brackets multiplies by, and one of square brackets divides by. */
const STEP = 1.1

const TOKEN = /\\[()[\]\\]?|[([]|:\s*([+-]?[.\d]+)\s*\)|[)\]]|[^\\()[\]:]+|:/g
const BREAK = /\s*(?<![\p{L}\p{N}_])BREAK(?![\p{L}\p{N}_])\s*/u

/** Ends a chunk of tokens: the word BREAK on its own, told from text by its weight. */
const BREAK_MARK = { text: 'BREAK', weight: -1 } as const

/** Whether the rest goes on in the next chunk. Inside weighted brackets the word is text, as in the original. */
export function isBreak({ text, weight }: Fragment): boolean {
  return text === BREAK_MARK.text && weight === BREAK_MARK.weight
}

/**
 * A prompt in the syntax of AUTOMATIC1111's stable-diffusion-webui (v1.8.0): (more), (word:1.3), [less], backslash before a
 * bracket that is text, BREAK. A bracket never closed reaches to the end; one never opened is text.
 * @throws StudioError invalid-request for a weight that is no number, as in (word:1.2.3)
 */
export function attentionFragments(prompt: string): Fragment[] {
  const found: { text: string; weight: number; start: number }[] = []
  const round: number[] = []
  const square: number[] = []
  const weigh = (from: number | undefined, factor: number) => {
    for (const fragment of found.slice(from)) fragment.weight *= factor
  }
  for (const { 0: token, 1: weight, index } of prompt.matchAll(TOKEN)) {
    if (token.startsWith('\\')) found.push({ text: token.slice(1), weight: 1, start: index })
    else if (token === '(') round.push(found.length)
    else if (token === '[') square.push(found.length)
    else if (weight !== undefined && round.length > 0) weigh(round.pop(), numberOf(weight))
    else if (token === ')' && round.length > 0) weigh(round.pop(), STEP)
    else if (token === ']' && square.length > 0) weigh(square.pop(), 1 / STEP)
    else found.push(...textAndBreaks(token, index))
  }
  for (const from of round) weigh(from, STEP)
  for (const from of square) weigh(from, 1 / STEP)
  return found.length === 0 ? [{ text: '', weight: 1, start: 0 }] : merged(found)
}

function* textAndBreaks(token: string, start: number): Generator<{ text: string; weight: number; start: number }> {
  let at = 0
  for (const [i, text] of token.split(BREAK).entries()) {
    if (i > 0) {
      at = token.indexOf(BREAK_MARK.text, at)
      yield { ...BREAK_MARK, start: start + at }
      at += BREAK_MARK.text.length
    }
    at = token.indexOf(text, at)
    yield { text, weight: 1, start: start + at }
    at += text.length
  }
}

function numberOf(text: string): number {
  const value = Number(text)
  if (!Number.isNaN(value)) return value
  throw new StudioError('invalid-request', `expected a weight such as 1.2, found "${text}"`, {
    field: 'request.prompt',
  })
}
