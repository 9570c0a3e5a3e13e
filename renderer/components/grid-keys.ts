import type { GridLayout } from './grid-layout.ts'

interface Grid {
  readonly layout: GridLayout
  readonly count: number
  /** Rows that are on screen at once. */
  readonly pageRows: number
}

/** The cell a key leads to from the one with that index; undefined for a key that leads nowhere. */
export function cellAfterKey(
  event: KeyboardEvent,
  index: number,
  { layout, count, pageRows }: Grid,
): number | undefined {
  if (event.key === 'Home') return 0
  if (event.key === 'End') return count - 1
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined
  if (event.key === 'ArrowRight') return Math.min(count - 1, index + 1)
  if (event.key === 'ArrowLeft') return Math.max(0, index - 1)
  if (event.key === 'ArrowDown') return layout.below(index, 1)
  if (event.key === 'ArrowUp') return layout.below(index, -1)
  if (event.key === 'PageDown') return layout.below(index, pageRows)
  if (event.key === 'PageUp') return layout.below(index, -pageRows)
  return undefined
}
