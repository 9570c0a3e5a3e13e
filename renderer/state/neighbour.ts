/** The nearest place to `id` in `list` that stays: the next one, else the one before. */
export function neighbour<T>(list: readonly T[], id: T, stays: (other: T) => boolean): T | undefined {
  const index = list.indexOf(id)
  return list.slice(index + 1).find(stays) ?? list.slice(0, Math.max(index, 0)).findLast(stays)
}
