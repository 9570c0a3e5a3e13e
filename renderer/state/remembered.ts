import type * as z from 'zod'

/** What localStorage holds under `key`, checked by `schema`; `fallback` where there is nothing or it does not fit. */
export function recall<S extends z.ZodType>(key: string, schema: S, fallback: z.infer<S>): z.infer<S> {
  const text = localStorage.getItem(key)
  if (text === null) return fallback
  try {
    const parsed = schema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : fallback
  } catch {
    // Not JSON: an older version's or a damaged value, worth no more than none.
    return fallback
  }
}

/** Keeps `value` for the next visit. */
export function remember(key: string, value: unknown): void {
  localStorage.setItem(key, JSON.stringify(value))
}
