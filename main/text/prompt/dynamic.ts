import { StudioError } from '../../contract/failure.ts'
import { philox } from '../../tensor/philox.ts'

/** The lines of a wildcard file, by its name without an ending, folders parted by a slash; a * stands for any part. */
export type Wildcards = (name: string) => readonly string[]

/** Deeper nesting, as of a wildcard that names itself, is taken for a circle. */
const MAX_DEPTH = 32
const DEFAULT_SEPARATOR = ', '
const BOUND = /^\s*(?:(\d+)?\s*(-)\s*(\d+)?|(\d+))\s*$/
const OPTION_WEIGHT = /^\s*(\d+(?:\.\d+)?|\.\d+)::/

/** Numbers from 0 up to, not including, 1. */
type Random = () => number

/**
 * A template with its choices made: {a|b}, {3::a|1::b} by weight, {2$$a|b|c} and {1-2$$ and $$a|b} for several without
 * repeats, __file__ for a line of a wildcard file; they nest, and a backslash makes a sign text. The same seed makes the same
 * choices. In the syntax of the sd-dynamic-prompts extension.
 * @throws StudioError invalid-request for a wildcard that is not there or names itself
 */
export function expanded(template: string, seed: number, wildcards: Wildcards): string {
  return new Template(template, randomOf(seed), wildcards, 0).text()
}

function randomOf(seed: number): Random {
  let draw = 0
  return () => {
    const [word] = philox([draw++, 0, 0, 0], [seed % 2 ** 32, Math.floor(seed / 2 ** 32)])
    return word / 2 ** 32
  }
}

class Template {
  readonly #source: string
  readonly #random: Random
  readonly #wildcards: Wildcards
  readonly #depth: number
  #at = 0

  constructor(source: string, random: Random, wildcards: Wildcards, depth: number) {
    if (depth > MAX_DEPTH) throw refused(`expected wildcards nested no more than ${MAX_DEPTH} deep, found a circle`)
    this.#source = source
    this.#random = random
    this.#wildcards = wildcards
    this.#depth = depth
  }

  /** The rest of the source up to its end. */
  text(): string {
    let text = ''
    while (this.#at < this.#source.length) {
      const next = this.#source.charAt(this.#at)
      if (next === '{') text += this.#choice()
      else if (next === '_') text += this.#wildcard() ?? this.#take(1)
      else text += this.#plain(next)
    }
    return text
  }

  #plain(next: string): string {
    const following = this.#source.charAt(this.#at + 1)
    if (next !== '\\' || !'{}|'.includes(following) || following === '') return this.#take(1)
    this.#at += 2
    return following
  }

  #take(count: number): string {
    this.#at += count
    return this.#source.slice(this.#at - count, this.#at)
  }

  /** { … }; a bracket that is never closed is text. */
  #choice(): string {
    const end = closing(this.#source, this.#at)
    if (end === null) return this.#take(1)
    const parts = split(this.#source.slice(this.#at + 1, end), '$$')
    this.#at = end + 1
    const bound = parts.length > 1 ? BOUND.exec(parts[0] ?? '') : null
    const options = split((bound ? parts.slice(1) : parts).at(-1) ?? '', '|')
    const separator = bound && parts.length > 2 ? (parts[1] ?? '') : DEFAULT_SEPARATOR
    const pool = options.flatMap((option) => (bound ? this.#pool(option) : [weighted(option)]))
    return this.#pick(pool, bound ? this.#count(bound, pool.length) : 1)
      .map((option) => this.#inner(option))
      .join(separator)
  }

  /** Of several picks each takes another line of a wildcard that stands alone. */
  #pool(option: string): Weighted[] {
    const { text, weight } = weighted(option)
    const name = /^\s*__([^_]|_(?!_))+__\s*$/.test(text) ? text.trim().slice(2, -2) : null
    if (name === null) return [{ text, weight }]
    const lines = this.#lines(name)
    return lines.map((line) => ({ text: line, weight: weight / lines.length }))
  }

  #count([, low, dash, high, exact]: RegExpExecArray, most: number): number {
    if (exact !== undefined) return Math.min(Number(exact), most)
    const from = Math.min(low === undefined ? 0 : Number(low), most)
    const to = dash !== undefined && high === undefined ? most : Math.min(Number(high), most)
    return from + Math.floor(this.#random() * (Math.max(to, from) - from + 1))
  }

  #pick(pool: readonly Weighted[], count: number): string[] {
    const left = [...pool]
    return Array.from({ length: count }, () => {
      const total = left.reduce((sum, { weight }) => sum + weight, 0)
      let place = this.#random() * total
      const index = left.findIndex(({ weight }) => (place -= weight) < 0)
      return left.splice(index < 0 ? left.length - 1 : index, 1)[0]?.text ?? ''
    })
  }

  /** __name__; null where none stands here. */
  #wildcard(): string | null {
    const found = /^__([\w*/. -]+?)__/.exec(this.#source.slice(this.#at))
    if (!found?.[1]) return null
    this.#at += found[0].length
    const lines = this.#lines(found[1])
    return this.#inner(this.#pick(lines.map(weighted), 1)[0] ?? '')
  }

  #lines(name: string): readonly string[] {
    const lines = this.#wildcards(name)
    if (lines.length > 0) return lines
    throw refused(`expected a wildcard file "${name}" with lines in it, found none`)
  }

  #inner(source: string): string {
    return new Template(source, this.#random, this.#wildcards, this.#depth + 1).text()
  }
}

interface Weighted {
  readonly text: string
  readonly weight: number
}

function weighted(option: string): Weighted {
  const found = OPTION_WEIGHT.exec(option)
  return found ? { text: option.slice(found[0].length), weight: Number(found[1]) } : { text: option, weight: 1 }
}

/** Where the bracket that opens at `from` closes. */
function closing(source: string, from: number): number | null {
  let depth = 0
  for (let i = from; i < source.length; i++) {
    if (source[i] === '\\') i++
    else if (source[i] === '{') depth++
    else if (source[i] === '}' && --depth === 0) return i
  }
  return null
}

/** At each separator that stands in no bracket. */
function split(source: string, separator: string): string[] {
  const parts: string[] = []
  let [depth, from] = [0, 0]
  for (let i = 0; i < source.length; i++) {
    if (source[i] === '\\') i++
    else if (source[i] === '{') depth++
    else if (source[i] === '}') depth--
    else if (depth === 0 && source.startsWith(separator, i)) {
      parts.push(source.slice(from, i))
      i += separator.length - 1
      from = i + 1
    }
  }
  return [...parts, source.slice(from)]
}

function refused(message: string): StudioError {
  return new StudioError('invalid-request', message, { field: 'request.prompt' })
}
