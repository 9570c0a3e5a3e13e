import { inChild } from '../child/run.ts'
import { starterPass } from '../gemm/gemm.ts'
import type { BenchOptions, Report, Row } from '../report.ts'
import { starterFolder } from '../starter.ts'
import type { MemoryInput, MemoryUsed } from './in-child.ts'
import { watchOwnMemory } from './process-memory.ts'

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

interface Used extends MemoryUsed {
  /** Peak of what no file backs; null where the system does not tell. */
  readonly own: number | null
}

interface Round {
  readonly fast: Used
  readonly small: Used
}

/** Fresh processes in turn, one for each memory use. */
export async function memoryReport(
  title: string,
  repeats: number,
  input: Omit<MemoryInput, 'memory'>,
): Promise<Report> {
  const rounds: Round[] = []
  for (let round = 0; round < repeats; round++) {
    const fast = await use({ ...input, memory: 'fast' })
    rounds.push({ fast, small: await use({ ...input, memory: 'small' }) })
  }
  return {
    title,
    rows: [
      row('weights as stored', rounds, ({ fast }) => fast.stored),
      row('weights in float32', rounds, ({ fast }) => fast.asFloat32),
      row('the process before loading', rounds, ({ fast }) => fast.before),
      ...usedRows(rounds, 'fast'),
      ...usedRows(rounds, 'small'),
    ],
    notes: [
      'Peaks are of resident memory after a pass of each network. Pages of the weights file that are resident count, though',
      "they are the system's cache and leave when memory is short; memory of the process's own does not.",
    ],
  }
}

async function use(input: MemoryInput): Promise<Used> {
  let stop: () => number | null = () => null
  const used = await inChild('memory', input, (pid) => {
    stop = watchOwnMemory(pid)
  })
  return { ...used, own: stop() }
}

function usedRows(rounds: readonly Round[], memory: 'fast' | 'small'): Row[] {
  const grown = ({ [memory]: { peak, before } }: Round) => peak - before
  const ownGrown = ({ [memory]: { own, ownBefore } }: Round) => (own ?? NaN) - (ownBefore ?? NaN)
  const compared = (label: string, pick: (round: Round) => number): Row => ({
    ...row(label, rounds, pick),
    ratio: {
      samples: rounds.map((round) => pick(round) / (memory === 'fast' ? round.fast.asFloat32 : round.small.stored)),
      to: memory === 'fast' ? 'the weights in float32' : 'the weights as stored',
    },
  })
  const tellsOwn = !rounds.map(ownGrown).some(Number.isNaN)
  return [
    row(`peak, ${memory}`, rounds, ({ [memory]: { peak } }) => peak),
    compared('  above the start', grown),
    ...(tellsOwn ? [compared("  of the process's own", ownGrown)] : []),
  ]
}

function row(label: string, rounds: readonly Round[], bytes: (round: Round) => number): Row {
  return { label, unit: 'MB', samples: rounds.map((round) => bytes(round) / MB) }
}
