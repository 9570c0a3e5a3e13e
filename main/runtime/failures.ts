import { StudioError } from '../contract/failure.ts'
import type { OnnxGraph } from './graph.ts'

const OUT_OF_MEMORY = /bad_alloc|failed to allocate|out of memory|storage size overflow|integer overflow/i

/** Why a network could not be loaded, in the project's terms; the runtime's own words are the cause. */
export function loadFailure(graph: OnnxGraph, error: unknown): StudioError {
  const message = words(error)
  if (OUT_OF_MEMORY.test(message)) {
    const bytes = graph.regions.reduce((sum, { length }) => sum + length, 0)
    return new StudioError(
      'out-of-memory',
      `not enough memory to load the ${graph.name} (${megabytes(bytes)} of weights)`,
      {
        cause: error,
      },
    )
  }
  const culprit = graph.regions.find(({ tensor }) => message.includes(tensor))
  if (culprit) {
    return new StudioError(
      'checkpoint-unsupported',
      `${culprit.file}: tensor ${culprit.tensor}: the runtime could not take it in`,
      {
        cause: error,
      },
    )
  }
  return new StudioError('internal', `the runtime refused the ${graph.name}: ${message}`, { cause: error })
}

/** Why a pass failed, naming the module of the network where it happened. */
export function runFailure(graph: OnnxGraph, error: unknown): StudioError {
  const message = words(error)
  const node = /Name:'([^']*)'/.exec(message)?.[1]?.split('/')[0]
  const place = node ? ` at ${node}` : ''
  if (OUT_OF_MEMORY.test(message)) {
    return new StudioError('out-of-memory', `not enough memory to run the ${graph.name}${place}`, { cause: error })
  }
  return new StudioError('internal', `the ${graph.name} failed${place}: ${message}`, { cause: error })
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
