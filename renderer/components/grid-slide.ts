import type { GridLayout } from './grid-layout.ts'

/** What a grid showed at a moment. */
export interface GridMoment {
  readonly ids: readonly string[]
  readonly layout: GridLayout
  readonly scrollPx: number
}

const DURATION_MS = 180

/** Lets the cells of a grid slide within their row from where they were; what is new in a row fades in. */
export function slideCells(grid: HTMLElement, before: GridMoment, after: GridMoment): void {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
  for (const cell of grid.querySelectorAll<HTMLElement>('[data-cell]')) {
    const id = cell.dataset['cell'] ?? ''
    const start = startOf(id, before, after)
    if (start) cell.animate([start, { transform: 'none', opacity: 1 }], { duration: DURATION_MS, easing: 'ease-out' })
  }
}

function startOf(id: string, before: GridMoment, after: GridMoment): Keyframe | undefined {
  const index = before.ids.indexOf(id)
  if (index < 0) return { transform: 'scale(0.9)', opacity: 0 }
  const from = before.layout.cellAt(index)
  const to = after.layout.cellAt(after.ids.indexOf(id))
  const acrossPx = from.leftPx - to.leftPx
  const downPx = from.topPx - before.scrollPx - (to.topPx - after.scrollPx)
  if (Math.abs(acrossPx) < 1 && Math.abs(downPx) < 1) return undefined
  return Math.abs(downPx) < 1 ? { transform: `translateX(${acrossPx}px)` } : { opacity: 0 }
}
