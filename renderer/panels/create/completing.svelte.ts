import { completionsAt, loraCompletionsAt, wildcardCompletionsAt } from './completions.ts'

/** What can be offered: words and phrases, LoRAs for tags, and wildcards. */
export interface Vocabulary {
  readonly words: readonly string[]
  readonly loras: readonly string[]
  readonly wildcards: readonly string[]
}

interface Place {
  readonly leftPx: number
  readonly topPx: number
}

/** Completions of a text field while it is typed in: which there are, which is chosen, and where they hang. */
export class Completing {
  #start = 0
  #caret = 0
  #list = $state.raw<readonly string[]>([])
  #current = $state(-1)
  #place = $state.raw<Place>({ leftPx: 0, topPx: 0 })

  get list(): readonly string[] {
    return this.#list
  }

  get current(): number {
    return this.#current
  }

  get place(): Place {
    return this.#place
  }

  /** Looks again after something was typed. `mirror` shows the same text, laid out the same, where it can be measured. */
  update(field: HTMLTextAreaElement, mirror: Element | null, { words, loras, wildcards }: Vocabulary): void {
    this.#caret = field.selectionStart
    const tags = loraCompletionsAt(field.value, this.#caret, loras)
    const files = wildcardCompletionsAt(field.value, this.#caret, wildcards)
    const named = tags.list.length > 0 ? tags : files
    const { start, list } = named.list.length > 0 ? named : completionsAt(field.value, this.#caret, words)
    this.#start = start
    this.#list = list
    this.#current = -1
    if (list.length > 0 && mirror) this.#place = placeBelow(mirror, start)
  }

  close(): void {
    this.#list = []
  }

  /** Moves the choice; false where there is nothing to move to, so that the key keeps its usual meaning. */
  move(places: number): boolean {
    if (this.#list.length === 0 || (this.#current < 0 && places < 0)) return false
    this.#current = Math.max(-1, Math.min(this.#list.length - 1, this.#current + places))
    return true
  }

  /** The text with `word`, or else the chosen one, in place of what was typed of it; undefined where none is chosen. */
  accept(text: string, word = this.#list[this.#current]): { text: string; caret: number } | undefined {
    if (word === undefined) return undefined
    const caret = this.#start + word.length
    const completed = text.slice(0, this.#start) + word + text.slice(this.#caret)
    this.close()
    return { text: completed, caret }
  }
}

/** A line below a character of the mirror, measured from the mirror's own box's corner. */
function placeBelow(mirror: Element, offset: number): Place {
  const box = (mirror.parentElement ?? mirror).getBoundingClientRect()
  const range = document.createRange()
  let rest = offset
  const texts = document.createTreeWalker(mirror, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const length = texts.currentNode.textContent?.length ?? 0
    if (rest < length) {
      range.setStart(texts.currentNode, rest)
      range.setEnd(texts.currentNode, rest + 1)
      break
    }
    rest -= length
  }
  const letter = range.getBoundingClientRect()
  return { leftPx: Math.min(letter.left - box.left, box.width / 2), topPx: letter.bottom - box.top + 4 }
}
