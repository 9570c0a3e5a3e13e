import type { Report, Row } from './report.ts'
import { summarise } from './statistics.ts'

type Cells = readonly [label: string, value: string, spread: string, ratio: string]

/** A report as lines of text: median, quartiles and count of each row, and its ratio with the ratio's own quartiles. */
export function formatReport({ title, rows, notes = [] }: Report): string {
  const cells: readonly Cells[] = [
    ['', 'median', 'quartiles', 'ratio'],
    ...rows.map((row): Cells => [row.label, ...valueCells(row), ratioCell(row)]),
  ]
  const [labels, values, spreads] = [widthOf(cells, 0), widthOf(cells, 1), widthOf(cells, 2)]
  const lines = cells.map(([label, value, spread, ratio]) =>
    `  ${label.padEnd(labels)}  ${value.padStart(values)}  ${spread.padEnd(spreads)}  ${ratio}`.trimEnd(),
  )
  return [title, ...lines, ...notes.map((note) => `  ${note}`)].join('\n')
}

/** Three significant digits, and thousands apart: 0.734, 31.4, 1,496. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en', value < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 })
}

function valueCells({ samples, unit, of }: Row): [value: string, spread: string] {
  const { median, lowerQuartile, upperQuartile, count } = summarise(samples)
  const value = `${formatNumber(median)} ${unit}`.trimEnd()
  if (of !== undefined) return [value, `of ${of}`]
  if (count === 1) return [value, 'once']
  return [value, `${formatNumber(lowerQuartile)}–${formatNumber(upperQuartile)}, ${count} times`]
}

function ratioCell({ ratio }: Row): string {
  if (!ratio) return ''
  const { median, lowerQuartile, upperQuartile, count } = summarise(ratio.samples)
  const spread = count === 1 ? '' : ` (${formatNumber(lowerQuartile)}–${formatNumber(upperQuartile)})`
  return `${formatNumber(median)}x${spread} ${ratio.to}`
}

function widthOf(cells: readonly Cells[], column: 0 | 1 | 2): number {
  return Math.max(...cells.map((row) => row[column].length))
}
