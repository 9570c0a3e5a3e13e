import { parseArgs } from 'node:util'
import type * as z from 'zod'
import { describeIssue } from '../parse.ts'

/** A command line that says something the studio does not understand: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** An option of a command. `value` is what the help calls its value; without it the option is a switch. */
export interface OptionSpec {
  readonly value?: string
  readonly help: string
}

export interface Arguments {
  readonly words: readonly string[]
  has(option: string): boolean
  /** The option's value; the last one where it was given twice. */
  text(option: string): string | undefined
  /** Every value of an option that may be given more than once. */
  texts(option: string): readonly string[]
}

/**
 * The words and options of a command line.
 * @throws UsageError for an option the command does not have, or one that lacks its value or has one too many
 */
export function readArguments(command: string, args: readonly string[], specs: Record<string, OptionSpec>): Arguments {
  const { tokens } = parseArgs({
    args: joinNegativeNumbers(args, specs),
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' }]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const values = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined
    if (!spec) throw new UsageError(`expected an option of ${command}, found ${token.rawName}`)
    if (spec.value === undefined && token.value !== undefined) {
      throw new UsageError(`${token.rawName}: expected no value, found "${token.value}"`)
    }
    if (spec.value !== undefined && token.value === undefined) {
      throw new UsageError(`${token.rawName}: expected ${spec.value}, found nothing`)
    }
    values.set(token.name, [...(values.get(token.name) ?? []), token.value ?? ''])
  }
  return {
    words: tokens.filter((token) => token.kind === 'positional').map(({ value }) => value),
    has: (option) => values.has(option),
    text: (option) => values.get(option)?.at(-1),
    texts: (option) => values.get(option) ?? [],
  }
}

// "--seed -1" is a seed that is out of range, not a seed without a value and an option "-1".
function joinNegativeNumbers(args: readonly string[], specs: Record<string, OptionSpec>): string[] {
  const joined: string[] = []
  for (const arg of args) {
    const option = joined.at(-1) ?? ''
    const takesValue = option.startsWith('--') && specs[option.slice(2)]?.value !== undefined
    if (takesValue && /^-\.?\d/.test(arg)) joined[joined.length - 1] = `${option}=${arg}`
    else joined.push(arg)
  }
  return joined
}

/** The one word a command takes. @throws UsageError */
export function onlyWord({ words }: Arguments, what: string): string {
  const [word, ...more] = words
  if (word === undefined) throw new UsageError(`expected ${what}, found nothing`)
  if (more.length > 0) throw new UsageError(`expected ${what}, found ${words.length} words; put quotes around it`)
  return word
}

/** An option's value as its schema reads it; what looks like a number is one. @throws UsageError */
export function checked<S extends z.ZodType>(schema: S, option: string, text: string, isNumber = false): z.infer<S> {
  const value = isNumber && text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text
  const result = schema.safeParse(value, { reportInput: true })
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new UsageError(`--${option}: ${issue ? describeIssue(issue) : 'expected something else'}`)
}

/** An option's value as its schema reads it; undefined where it was not given. @throws UsageError */
export function read<S extends z.ZodType>(
  found: Arguments,
  option: string,
  schema: S,
  isNumber = false,
): z.infer<S> | undefined {
  const text = found.text(option)
  return text === undefined ? undefined : checked(schema, option, text, isNumber)
}

/** @throws UsageError for options of `others` without the one that they belong to */
export function requireWith(found: Arguments, others: readonly string[], option: string, value: string): void {
  if (found.has(option)) return
  const lone = others.find((other) => found.has(other))
  if (lone !== undefined) throw new UsageError(`--${lone}: expected --${option} ${value} with it, found none`)
}

type WithoutGaps<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The same without the fields that are undefined. */
export function withoutGaps<T extends object>(value: T): WithoutGaps<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as WithoutGaps<T>
}

/** The same; undefined where no field is left. */
export function unlessEmpty<T extends object>(value: T): WithoutGaps<T> | undefined {
  const left = withoutGaps(value)
  return Object.keys(left).length === 0 ? undefined : left
}
