import { expect, test } from 'vitest'
import { formatNumber, formatReport } from './table.ts'

test.each([
  [0.07342, '0.0734'],
  [31.449, '31.4'],
  [999.4, '999'],
  [1495.7, '1,496'],
  [0, '0'],
])('%d is written %s', (value, text) => {
  expect(formatNumber(value)).toBe(text)
})

test('columns line up, parts are indented, and a ratio names what it is to', () => {
  const report = formatReport({
    title: 'start',
    rows: [
      { label: 'whole', unit: 'ms', samples: [1200, 1000, 1100], ratio: { samples: [2, 3, 4], to: 'the warm one' } },
      { label: '  load', unit: 'ms', samples: [7] },
    ],
    notes: ['Once each.'],
  })
  expect(report.split('\n')).toEqual([
    'start',
    '            median  quartiles             ratio',
    '  whole   1,100 ms  1,050–1,150, 3 times  3x (2.5–3.5) the warm one',
    '    load      7 ms  once',
    '  Once each.',
  ])
})
