/** The prompt up to a step, counted from 1, that step included. */
export interface PromptStage {
  readonly until: number
  readonly text: string
}

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'edit'; readonly before: Node[]; readonly after: Node[]; readonly when: number }
  | { readonly kind: 'turns'; readonly options: Node[][] }

interface Parsed<T> {
  readonly value: T
  readonly end: number
}

const PLAIN = /(?:[^\\[\]():|]|\\[^\n])+/y
const WHEN = /\s*([+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)\s*\]/y

/**
 * Which text a prompt is at each step, in the syntax of AUTOMATIC1111's stable-diffusion-webui (v1.8.0): [from:to:when],
 * [to:when], [from::when], and [a|b] in turn. `when` with a point is a share of the steps, else a step. Brackets that are
 * neither stay for their weights. A bar outside of brackets makes all of the prompt plain text, as in the original.
 */
export function promptStages(prompt: string, steps: number): PromptStage[] {
  const nodes = parsePrompt(prompt, steps)
  if (nodes === null) return [{ until: steps, text: prompt }]
  const ends = new Set([steps])
  collectEnds(nodes, steps, ends)
  return [...ends].sort((a, b) => a - b).map((until) => ({ until, text: textAt(nodes, until) }))
}

/** The whole prompt, where brackets that fit nothing are text; null where it cannot be read. */
function parsePrompt(source: string, steps: number): Node[] | null {
  const nodes: Node[] = []
  let at = 0
  while (at < source.length) {
    const inner = sequence(source, at, steps)
    nodes.push(...inner.value)
    at = inner.end
    const next = source[at]
    if (next === undefined) break
    if (!'[]():'.includes(next)) return null
    nodes.push({ kind: 'text', text: next })
    at++
  }
  return nodes
}

/** As much as can be read without a bracket or colon left over. */
function sequence(source: string, from: number, steps: number): Parsed<Node[]> {
  const nodes: Node[] = []
  let end = from
  for (;;) {
    const item = plain(source, end) ?? round(source, end, steps) ?? square(source, end, steps)
    if (item === null) return { value: nodes, end }
    nodes.push(...item.value)
    end = item.end
  }
}

function plain(source: string, at: number): Parsed<Node[]> | null {
  const text = matchAt(PLAIN, source, at)?.[0]
  return text === undefined ? null : { value: [{ kind: 'text', text }], end: at + text.length }
}

/** ( … ) and ( … : … ), kept as they are. */
function round(source: string, at: number, steps: number): Parsed<Node[]> | null {
  if (source[at] !== '(') return null
  const first = sequence(source, at + 1, steps)
  const second = source[first.end] === ':' ? sequence(source, first.end + 1, steps) : null
  const end = second?.end ?? first.end
  if (source[end] !== ')') return null
  return {
    value: [text('('), ...first.value, ...(second ? [text(':'), ...second.value] : []), text(')')],
    end: end + 1,
  }
}

function square(source: string, at: number, steps: number): Parsed<Node[]> | null {
  if (source[at] !== '[') return null
  const first = sequence(source, at + 1, steps)
  switch (source[first.end]) {
    case ':':
      return edit(source, first, steps)
    case '|':
      return turns(source, first, steps)
    case ']':
      return { value: [text('['), ...first.value, text(']')], end: first.end + 1 }
    default:
      return null
  }
}

function edit(source: string, first: Parsed<Node[]>, steps: number): Parsed<Node[]> | null {
  const short = matchAt(WHEN, source, first.end + 1)
  if (short) return editNode([], first.value, short, first.end + 1, steps)
  const second = sequence(source, first.end + 1, steps)
  const long = source[second.end] === ':' ? matchAt(WHEN, source, second.end + 1) : null
  return long && editNode(first.value, second.value, long, second.end + 1, steps)
}

function editNode(before: Node[], after: Node[], match: RegExpExecArray, at: number, steps: number): Parsed<Node[]> {
  const written = match[1] ?? ''
  const share = written.includes('.') ? Number(written) * steps : Number(written)
  return {
    value: [{ kind: 'edit', before, after, when: Math.min(steps, Math.trunc(share)) }],
    end: at + match[0].length,
  }
}

function turns(source: string, first: Parsed<Node[]>, steps: number): Parsed<Node[]> | null {
  const options = [first.value]
  let end = first.end
  while (source[end] === '|') {
    const option = sequence(source, end + 1, steps)
    options.push(option.value)
    end = option.end
  }
  return source[end] === ']' ? { value: [{ kind: 'turns', options }], end: end + 1 } : null
}

function collectEnds(nodes: readonly Node[], steps: number, ends: Set<number>): void {
  for (const node of nodes) {
    if (node.kind === 'edit') {
      if (node.when >= 1) ends.add(node.when)
      collectEnds([...node.before, ...node.after], steps, ends)
    } else if (node.kind === 'turns') {
      for (let step = 1; step <= steps; step++) ends.add(step)
    }
  }
}

function textAt(nodes: readonly Node[], step: number): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case 'text':
          return node.text
        case 'edit':
          return textAt(step <= node.when ? node.before : node.after, step)
        case 'turns':
          return textAt(node.options[(step - 1) % node.options.length] ?? [], step)
      }
    })
    .join('')
}

function text(value: string): Node {
  return { kind: 'text', text: value }
}

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(source)
}
