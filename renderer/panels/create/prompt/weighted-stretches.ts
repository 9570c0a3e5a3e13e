import type { PromptStyleId } from '../../../../main/contract/generation.ts'

/** A stretch of a prompt that has a weight of its own. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

const BRACKETS: Readonly<Record<PromptStyleId, string | undefined>> = {
  plain: undefined,
  a1111: '([',
  'a1111-no-norm': '([',
  comfyui: '(',
  invokeai: '(',
}
const CLOSING = new Map([
  ['(', ')'],
  ['[', ']'],
])

/** Where a prompt in this style has words in brackets that weigh them: the outermost of each, with their brackets. */
export function weightedStretches(text: string, style: PromptStyleId): readonly Stretch[] {
  const opening = BRACKETS[style]
  if (opening === undefined) return []
  const stretches: Stretch[] = []
  const open: { closes: string; start: number }[] = []
  for (let i = 0; i < text.length; i++) {
    const sign = text.charAt(i)
    if (sign === '\\') i++
    else if (opening.includes(sign)) open.push({ closes: CLOSING.get(sign) ?? '', start: i })
    else if (sign === open.at(-1)?.closes) {
      const { start } = open.pop() ?? { start: i }
      const end = i + 1 + (style === 'invokeai' ? factorLength(text.slice(i + 1)) : 0)
      if (open.length === 0 && (style !== 'invokeai' || end > i + 1)) stretches.push({ start, end })
    }
  }
  return stretches
}

function factorLength(after: string): number {
  return /^(?:\++|-+(?!\d)|[+-]?(?:\d+\.?\d*|\.\d+))/.exec(after)?.[0].length ?? 0
}
