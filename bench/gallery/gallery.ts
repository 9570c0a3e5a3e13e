import { inChild } from '../child/run.ts'
import type { BenchOptions, Report, Row } from '../report.ts'
import { pairedRatios } from '../statistics.ts'
import { formatNumber } from '../table.ts'
import type { Against } from './in-child.ts'

const COUNT = 100_000
const SEARCHES = ['fox', 'frozen owl', 'no77777']

/** Listing and searching a large gallery against scans of the same table. */
export async function gallery({ repeats }: BenchOptions): Promise<Report> {
  const times = await inChild('gallery', { count: COUNT, repeats, searches: SEARCHES })
  return {
    title: `gallery: ${formatNumber(COUNT)} pictures, the ids of all that pass a filter, newest first`,
    rows: [
      ...rowsOf('the list', times.list),
      ...times.searches.flatMap((against, i) => rowsOf(`search "${SEARCHES[i] ?? ''}"`, against)),
      { label: 'records of the newest 200', unit: 'ms', samples: times.details },
    ],
    notes: ['Scans read the same table without its indexes: LIKE for each word, then a sort.'],
  }
}

function rowsOf(label: string, { found, gallery, scan }: Against): Row[] {
  return [
    { label: `${label}, ${formatNumber(found)} found`, unit: 'ms', samples: gallery },
    {
      label: '  by a scan',
      unit: 'ms',
      samples: scan,
      ratio: { samples: pairedRatios(scan, gallery), to: "the gallery's way" },
    },
  ]
}
