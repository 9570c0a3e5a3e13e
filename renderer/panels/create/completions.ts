/** What could stand in the place of the words before the caret. */
export interface Completions {
  /** Where the words begin that a completion replaces. */
  readonly start: number
  readonly list: readonly string[]
}

const SHOWN = 6
const LEAST_LETTERS = 2
/** The longest phrases on offer are so many words. */
const MOST_WORDS = 4

const NONE: Completions = { start: 0, list: [] }

/**
 * The phrases of `vocabulary` that go on from the words before the caret, the longest run of words first: after
 * "a house on the" it is "on the beach", not what begins with "the".
 */
export function completionsAt(text: string, caret: number, vocabulary: readonly string[]): Completions {
  if (/^[\p{L}\p{N}]/u.test(text.slice(caret))) return NONE
  const clause = /[^,.;:()\n]*$/.exec(text.slice(0, caret))?.[0] ?? ''
  const wordStarts = [...clause.matchAll(/\S+/g)].map((match) => match.index).slice(-MOST_WORDS)
  for (const wordStart of wordStarts) {
    const typed = clause.slice(wordStart).toLowerCase()
    if (typed.trim().length < LEAST_LETTERS) continue
    const list = vocabulary.filter((phrase) => goesOn(phrase, typed)).slice(0, SHOWN)
    if (list.length > 0) return { start: caret - clause.length + wordStart, list }
  }
  return NONE
}

/** The LoRAs whose names go on from what follows `<lora:` before the caret, as whole tags. */
export function loraCompletionsAt(text: string, caret: number, names: readonly string[]): Completions {
  const [tag = '', typed = ''] = /<lora:([^:<>\n]*)$/i.exec(text.slice(0, caret)) ?? []
  if (tag === '') return NONE
  const list = names.filter((name) => name.toLowerCase().startsWith(typed.toLowerCase())).slice(0, SHOWN)
  return { start: caret - tag.length, list: list.map((name) => `<lora:${name}:1>`) }
}

/** The wildcards whose names go on from what follows an opening `__` before the caret, whole; a folder's name will do. */
export function wildcardCompletionsAt(text: string, caret: number, names: readonly string[]): Completions {
  const before = text.slice(0, caret)
  const parts = before.split('__')
  const typed = parts.at(-1) ?? ''
  if (parts.length % 2 === 1 || !/^[\w/. -]*$/.test(typed)) return NONE
  const wanted = typed.toLowerCase()
  const begins = (name: string) => name.startsWith(wanted) || name.split('/').some((part) => part.startsWith(wanted))
  const list = names.filter((name) => begins(name.toLowerCase())).slice(0, SHOWN)
  return { start: caret - typed.length - 2, list: list.map((name) => `__${name}__`) }
}

function goesOn(phrase: string, typed: string): boolean {
  const lower = phrase.toLowerCase()
  return lower.startsWith(typed) && lower !== typed
}
