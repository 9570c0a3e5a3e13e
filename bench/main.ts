import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { full } from './full/full.ts'
import { gallery } from './gallery/gallery.ts'
import { gemm } from './gemm/gemm.ts'
import { library } from './library/library.ts'
import { loadLine, machineFacts } from './machine.ts'
import { memory } from './memory/memory.ts'
import type { BenchOptions, Measurement } from './report.ts'
import { start } from './start/start.ts'
import { starter } from './starter/starter.ts'
import { step } from './step/step.ts'
import { formatReport } from './table.ts'

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  start,
  step,
  gemm,
  memory,
  gallery,
  library,
  full,
  starter,
}
/** These take minutes: only when asked for. */
const LONG = ['memory', 'full', 'starter']
const REPEATS = 7
const USAGE = `usage: npm run bench [-- [--repeat N] [--threads N] [NAME…]]   NAME: ${Object.keys(MEASUREMENTS).join(', ')}
       without a name all but ${LONG.join(', ')}; bench/README.md says what the numbers mean
       starter: [--nouns N] [--seeds N] [--model FOLDER]`

const order = readOrder(process.argv.slice(2))
if (order === null) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  for (const line of machineFacts()) console.log(line)
  for (const measurement of order.measurements) {
    console.log(loadLine())
    for (const report of [await measurement(order.options)].flat()) console.log(`\n${formatReport(report)}\n`)
  }
  console.log(loadLine())
}

function readOrder(args: string[]): { measurements: Measurement[]; options: BenchOptions } | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: {
        repeat: { type: 'string' },
        threads: { type: 'string' },
        nouns: { type: 'string' },
        seeds: { type: 'string' },
        model: { type: 'string' },
      },
      allowPositionals: true,
    })
    const names =
      positionals.length === 0 ? Object.keys(MEASUREMENTS).filter((name) => !LONG.includes(name)) : positionals
    const measurements = names.map((name) => named(name))
    const threads = values.threads === undefined ? null : count(values.threads)
    const starter = {
      nouns: values.nouns === undefined ? Infinity : count(values.nouns),
      seeds: count(values.seeds ?? '1'),
      ...(values.model === undefined ? {} : { modelFolder: resolve(values.model) }),
    }
    return { measurements, options: { repeats: count(values.repeat ?? String(REPEATS)), threads, starter } }
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return null
  }
}

function named(name: string): Measurement {
  const measurement = Object.hasOwn(MEASUREMENTS, name) ? MEASUREMENTS[name] : undefined
  if (!measurement) throw new RangeError(`expected ${Object.keys(MEASUREMENTS).join(', ')}, found "${name}"`)
  return measurement
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`expected a whole number from 1, found "${text}"`)
  return value
}
