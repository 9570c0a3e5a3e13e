import { inChild } from '../child/run.ts'
import type { BenchOptions, Report } from '../report.ts'
import { pairedRatios } from '../statistics.ts'
import { formatNumber } from '../table.ts'

const MODELS = 200
const LORAS = 800

/** From nothing to the list of a thousand models and LoRAs. */
export async function library({ repeats }: BenchOptions): Promise<Report> {
  const { first, later, added } = await inChild('library', { models: MODELS, loras: LORAS, repeats })
  return {
    title: `library: ${formatNumber(MODELS)} models and ${formatNumber(LORAS)} LoRAs, from nothing to the whole list`,
    rows: [
      { label: 'the first look, all headers read', unit: 'ms', samples: first },
      {
        label: 'a later start, nothing changed',
        unit: 'ms',
        samples: later,
        ratio: { samples: pairedRatios(later, first), to: 'the first look' },
      },
      {
        label: 'a later start, one model is new',
        unit: 'ms',
        samples: added,
        ratio: { samples: pairedRatios(added, first), to: 'the first look' },
      },
    ],
    notes: ['Headers and folders are in the system’s cache; a disk that sleeps or spins takes what it takes.'],
  }
}
