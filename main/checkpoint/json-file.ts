import { access, readFile, stat } from 'node:fs/promises'
import type * as z from 'zod'
import { StudioError } from '../contract/failure.ts'

/** A configuration of a few kilobytes; more is no configuration. */
const MAX_BYTES = 10_000_000

/**
 * A configuration file, parsed.
 * @throws StudioError checkpoint-unsupported with the file, the field, what was expected and what was found
 */
export async function readJsonFile<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>> {
  return parseFields(path, parseJson(path, await readText(path)), schema)
}

/** The same where there is such a file; null where there is none. @throws StudioError checkpoint-unsupported */
export async function readJsonIfThere<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S> | null> {
  return (await isThere(path)) ? readJsonFile(path, schema) : null
}

/** Whether anything lies at the path. */
export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** A text file of at most so many bytes. @throws StudioError checkpoint-unsupported */
export async function readText(path: string, maxBytes = MAX_BYTES): Promise<string> {
  try {
    const found = await stat(path)
    // A pipe would wait for someone to write, a device would never end.
    if (found.isFile() && found.size <= maxBytes) return await readFile(path, 'utf8')
    throw new RangeError(`found ${found.isFile() ? `${found.size} bytes` : 'no file'}`)
  } catch (error) {
    throw new StudioError('checkpoint-unsupported', `${path}: expected a readable configuration file, found none`, {
      cause: error,
    })
  }
}

/** @throws StudioError checkpoint-unsupported naming the first field that does not fit */
export function parseFields<S extends z.ZodType>(path: string, value: unknown, schema: S): z.infer<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path ?? []
  const expectation = (issue?.message ?? 'expected another value').replace(/^[^:]*: /, '').replace(/, received .*/, '')
  const sentence = `${expectation}, found ${show(field.reduce<unknown>(at, value))}`
  throw new StudioError(
    'checkpoint-unsupported',
    `${path}: ${field.map((key) => `${String(key)}: `).join('')}${sentence}`,
    {
      cause: parsed.error,
    },
  )
}

function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

/** A value of a configuration as a message shows it. */
export function show(value: unknown): string {
  try {
    return value === undefined ? 'none' : JSON.stringify(value).slice(0, 200)
  } catch {
    // Lists deeper than the stack parse, but cannot be written.
    return 'a value nested too deep to show'
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new StudioError('checkpoint-unsupported', `${path}: expected JSON, found text that does not parse`, {
      cause: error,
    })
  }
}
