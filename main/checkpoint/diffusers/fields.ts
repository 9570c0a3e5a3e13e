import * as z from 'zod'
import { StudioError } from '../../contract/failure.ts'
import { show } from '../json-file.ts'

/** Bounds far above any model, so that a hostile configuration cannot ask for endless networks. */
export const size = z.int().min(1).max(1_000_000)
export const repeat = z.int().min(1).max(100)
export const levels = <T extends z.ZodType>(item: T): z.ZodArray<T> => z.array(item).min(1).max(16)

/** One value for all levels, or a list with one entry a level. */
export const perLevel = <T extends z.ZodType>(item: T): z.ZodUnion<[T, z.ZodArray<T>]> =>
  z.union([item, levels(item)], { error: 'expected a positive whole number or a list of them' })

/** The list, or the value for each of `count` levels. @throws StudioError checkpoint-unsupported for another length */
export function spread<T>(path: string, field: string, value: T | readonly T[], count: number): readonly T[] {
  if (!isList(value)) return Array.from({ length: count }, () => value)
  if (value.length === count) return value
  throw unsupportedField(path, field, `${count} entries, one a level`, value)
}

/** The one value that all levels share. @throws StudioError checkpoint-unsupported when they differ */
export function only<T>(path: string, field: string, value: T | readonly T[]): T {
  if (!isList(value)) return value
  const [first] = value
  if (first !== undefined && value.every((item) => item === first)) return first
  throw unsupportedField(path, field, 'the same value for all levels', value)
}

/**
 * Checks options of which the graph builders know one setting; what the file leaves out has that setting.
 * @throws StudioError checkpoint-unsupported
 */
export function requireOptions(
  path: string,
  config: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, readonly unknown[]>>,
): void {
  for (const [field, values] of Object.entries(known)) {
    const found = config[field]
    if (found !== undefined && !values.includes(found))
      throw unsupportedField(path, field, values.map(show).join(' or '), found)
  }
}

/** The error for a field that is well formed but not supported. */
export function unsupportedField(path: string, field: string, expected: string, found: unknown): StudioError {
  return new StudioError('checkpoint-unsupported', `${path}: ${field}: expected ${expected}, found ${show(found)}`)
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}
