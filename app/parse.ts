import type * as z from 'zod'
import { StudioError } from '../main/contract/failure.ts'

/**
 * `value` as the schema reads it.
 * @throws StudioError invalid-request naming the first field at fault, what was expected there and what was found
 */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value, { reportInput: true })
  if (result.success) return result.data
  const issue = result.error.issues[0]
  if (!issue) throw new StudioError('invalid-request', 'expected a valid input')
  const field = issue.path.map(String).join('.')
  const name = issue.path.findLast((part) => typeof part === 'string')
  const sentence = describeIssue(issue)
  throw new StudioError(
    'invalid-request',
    name === undefined ? sentence : `${name}: ${sentence}`,
    field === '' ? {} : { field },
  )
}

/** What a schema's complaint says in the words of the interface: "expected … , found …". */
export function describeIssue(issue: z.core.$ZodIssue): string {
  const found = `found ${describeValue(issue.input)}`
  switch (issue.code) {
    case 'too_small':
    case 'too_big':
      return `expected ${describeBound(issue)}, ${describeFoundSize(issue.input)}`
    case 'invalid_type':
      return `expected ${TYPE_WORDS[issue.expected] ?? issue.expected}, ${found}`
    case 'invalid_value':
      return `expected ${listOf(issue.values.map(String))}, ${found}`
    case 'invalid_format':
      return `expected ${FORMAT_WORDS[issue.format] ?? 'another form of text'}, ${found}`
    case 'unrecognized_keys':
      return `expected no field ${listOf(issue.keys)}`
    case 'custom':
      return issue.message
    default:
      return `${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}, ${found}`
  }
}

const TYPE_WORDS: Partial<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  undefined: 'nothing',
}

const FORMAT_WORDS: Partial<Record<string, string>> = {
  uuid: 'a UUID',
  regex: '64 hexadecimal digits',
}

function describeBound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [words, bound] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum]
  return `${words} ${String(bound)}${SIZE_WORDS[issue.origin] ?? ''}`
}

const SIZE_WORDS: Partial<Record<string, string>> = { string: ' characters', array: ' entries' }

function describeFoundSize(value: unknown): string {
  if (typeof value === 'string' || Array.isArray(value)) return `found ${value.length}`
  return `found ${describeValue(value)}`
}

function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'string') return `"${value.length > 60 ? `${value.slice(0, 60)}…` : value}"`
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function listOf(words: readonly string[]): string {
  const last = words.at(-1) ?? 'nothing'
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}
