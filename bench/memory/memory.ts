import { inChild } from '../child/run.ts'
import { starterPass } from '../gemm/gemm.ts'
import type { BenchOptions, Report, Row } from '../report.ts'
import { starterFolder } from '../starter.ts'
import type { MemoryInput, MemoryUsed } from './in-child.ts'

const MB = 1e6

/** Peak resident memory of the built-in model's networks against the bytes of their weights. */
export async function memory({ repeats, threads }: BenchOptions): Promise<Report> {
  return memoryReport('memory: the built-in model, its three networks for a picture from words', repeats, {
    modelFolder: starterFolder,
    networks: 'all',
    shape: await starterPass(),
    threads,
  })
}

/** Fresh processes in turn, one for each memory use. */
export async function memoryReport(
  title: string,
  repeats: number,
  input: Omit<MemoryInput, 'memory'>,
): Promise<Report> {
  const used: { fast: MemoryUsed; small: MemoryUsed }[] = []
  for (let round = 0; round < repeats; round++) {
    const fast = await inChild('memory', { ...input, memory: 'fast' })
    used.push({ fast, small: await inChild('memory', { ...input, memory: 'small' }) })
  }
  const row = (label: string, pick: (round: (typeof used)[number]) => number | null): Row => ({
    label,
    unit: 'MB',
    samples: used.map((round) => (pick(round) ?? NaN) / MB),
  })
  const grown = (label: string, use: 'fast' | 'small', of: 'stored' | 'asFloat32'): Row => ({
    ...row(label, (round) => round[use].peak - round[use].before),
    ratio: {
      samples: used.map(({ [use]: { peak, before, [of]: weights } }) => (peak - before) / weights),
      to: of === 'stored' ? 'the weights as stored' : 'the weights in float32',
    },
  })
  const hasOwn = used.every(({ fast, small }) => fast.own !== null && small.own !== null)
  return {
    title,
    rows: [
      row('weights as stored', ({ fast }) => fast.stored),
      row('weights in float32', ({ fast }) => fast.asFloat32),
      row('the process before loading', ({ fast }) => fast.before),
      row('peak, fast', ({ fast }) => fast.peak),
      grown('  above the start', 'fast', 'asFloat32'),
      ...(hasOwn ? [row('  in the end, not of files', ({ fast }) => fast.own)] : []),
      row('peak, small', ({ small }) => small.peak),
      grown('  above the start', 'small', 'stored'),
      ...(hasOwn ? [row('  in the end, not of files', ({ small }) => small.own)] : []),
    ],
    notes: ['Peaks are of resident memory after a pass of each network; pages of the weights file are part of it.'],
  }
}
