import type { ImageId, ImageRecord } from '../../../main/contract/image.ts'

/**
 * How many of `ids`, newest first, were made since midnight. `isKnown` is false when it took a record that is not
 * here yet to say whether there are more.
 */
export function leadingToday(
  ids: readonly ImageId[],
  record: (id: ImageId) => ImageRecord | undefined,
  now: number,
): { count: number; isKnown: boolean } {
  const midnight = new Date(now).setHours(0, 0, 0, 0)
  for (const [count, id] of ids.entries()) {
    const known = record(id)
    if (known === undefined) return { count, isKnown: false }
    if (known.createdAt < midnight) return { count, isKnown: true }
  }
  return { count: ids.length, isKnown: true }
}
