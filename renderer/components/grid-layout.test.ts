import { expect, test } from 'vitest'
import { GridLayout } from './grid-layout.ts'

const shape = { columns: 3, cellPx: 100, gapPx: 10, titlePx: 30 }

test('rows of a hundred thousand cells are found by arithmetic', () => {
  const layout = new GridLayout({ ...shape, sections: [{ title: '', count: 100_000 }] })
  expect(layout.rowCount).toBe(33_334)
  expect(layout.heightPx).toBe(33_334 * 110 - 10)
  expect(layout.rowsBetween(1_100_000, 1_100_219)).toEqual([
    { index: 10_000, topPx: 1_100_000, start: 30_000, end: 30_003 },
    { index: 10_001, topPx: 1_100_110, start: 30_003, end: 30_006 },
  ])
  expect(layout.rowsBetween(33_333 * 110, 1e9)).toEqual([
    { index: 33_333, topPx: 33_333 * 110, start: 99_999, end: 100_000 },
  ])
})

test('sections have titles above them, start on a row of their own, and are left out when empty', () => {
  const layout = new GridLayout({
    ...shape,
    sections: [
      { title: 'Now', count: 0 },
      { title: 'Today', count: 4 },
      { title: 'Earlier', count: 2 },
    ],
  })
  expect(layout.titles).toEqual([
    { text: 'Today', topPx: 0 },
    { text: 'Earlier', topPx: 250 },
  ])
  expect(layout.cellAt(3)).toEqual({ leftPx: 0, topPx: 140 })
  expect(layout.cellAt(5)).toEqual({ leftPx: 110, topPx: 280 })
})

test.each([
  [0, 1, 3],
  [2, 1, 3],
  [3, 1, 4],
  [5, -1, 3],
  [5, -2, 1],
  [0, -1, 0],
  [1, 99, 5],
])('from cell %i, %i rows down lies cell %i', (from, rows, expected) => {
  const layout = new GridLayout({
    ...shape,
    sections: [
      { title: 'Today', count: 4 },
      { title: 'Earlier', count: 2 },
    ],
  })
  expect(layout.below(from, rows)).toBe(expected)
})
