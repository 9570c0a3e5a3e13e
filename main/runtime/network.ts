import type { InferenceSession } from 'onnxruntime-node'
import { env, listSupportedBackends, Tensor as OrtTensor } from 'onnxruntime-node'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { loadFailure, runFailure } from './failures.ts'
import type { OnnxGraph } from './graph.ts'
import { memoryUseFor } from './memory.ts'
import type { MemoryUse } from './memory.ts'
import { openPieces, openWhole } from './sessions.ts'
import type { Sessions } from './sessions.ts'
import { checkWeightFiles, readAhead } from './weight-files.ts'

export type { MemoryUse } from './memory.ts'

/** What a network is fed: float32, or int64 for token ids. */
export type Feed = Tensor | { readonly shape: readonly number[]; readonly data: BigInt64Array }

/** A loaded network. It computes on the calling thread: between calls only is the thread free. */
export interface Network {
  readonly name: string
  readonly memory: MemoryUse
  /**
   * The graph's outputs for these inputs.
   * @throws StudioError out-of-memory, internal
   */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Tensor>>
  /** Frees its memory; it cannot run again. */
  release(): Promise<void>
}

export interface LoadOptions {
  /** Null lets the runtime choose: one a physical core. */
  readonly threads?: number | null
  /** By default as fast as the machine has memory for. */
  readonly memory?: MemoryUse
  /** One of `executionProviders`; cpu unless told. */
  readonly provider?: string
  /** Told the share of the weights' bytes that has been read, 0 to 1; the runtime's own preparations follow. */
  readonly onProgress?: (share: number) => void
}

/** Version of the library that computes. */
export const runtimeVersion: string = env.versions.node ?? env.versions.common

/** What the library on this machine can compute with, best known first. */
export const executionProviders: readonly string[] = listSupportedBackends()
  .filter(({ bundled }) => bundled)
  .map(({ name }) => name)

/**
 * A network ready to run.
 * @throws StudioError model-missing, checkpoint-unsupported, out-of-memory
 */
export async function loadNetwork(graph: OnnxGraph, options: LoadOptions = {}): Promise<Network> {
  await checkWeightFiles(graph)
  if (options.onProgress) await readAhead(graph, options.onProgress)
  const { sessions, memory } = await openSessions(graph, options)
  return {
    name: graph.name,
    memory,
    async run(feeds) {
      try {
        return fromRuntime(await sessions.run(toRuntime(feeds)))
      } catch (error) {
        throw runFailure(graph, error)
      }
    },
    release: () => sessions.release(),
  }
}

interface OpenSessions {
  readonly sessions: Sessions
  readonly memory: MemoryUse
}

async function openSessions(graph: OnnxGraph, options: LoadOptions): Promise<OpenSessions> {
  const memory = options.memory ?? memoryUseFor(graph)
  const { pieces, outputs } = graph
  const opened = sessionOptions(graph, memory, options)
  try {
    const isWhole = pieces === undefined || memory === 'small'
    return { sessions: await (isWhole ? openWhole(graph, opened) : openPieces(pieces, outputs, opened)), memory }
  } catch (error) {
    const failure = loadFailure(graph, error)
    const isWorthLess = failure.code === 'out-of-memory' && memory === 'fast' && options.memory === undefined
    if (isWorthLess) return openSessions(graph, { ...options, memory: 'small' })
    throw failure
  }
}

function sessionOptions(graph: OnnxGraph, memory: MemoryUse, options: LoadOptions): InferenceSession.SessionOptions {
  const { threads = null, provider = 'cpu' } = options
  return {
    executionProviders: [provider],
    graphOptimizationLevel: memory === 'fast' ? 'all' : 'disabled',
    // The arena keeps what a pass once used and was no faster; its large aligned requests can abort inside Electron.
    enableCpuMemArena: false,
    logSeverityLevel: 4,
    ...(threads === null ? {} : { intraOpNumThreads: threads }),
    extra: {
      session: {
        model_external_initializers_file_folder_path: graph.weightsFolder,
        // Idle threads that spin halve the speed of the next network and of every other program, for 2 to 5 % when alone.
        intra_op: { allow_spinning: '0' },
      },
    },
  }
}

function toRuntime(feeds: Readonly<Record<string, Feed>>): Record<string, OrtTensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [
      name,
      data instanceof Float32Array ? new OrtTensor('float32', data, shape) : new OrtTensor('int64', data, shape),
    ]),
  )
}

function fromRuntime(outputs: InferenceSession.OnnxValueMapType): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { dims, data }]) => {
      if (!(data instanceof Float32Array)) throw new TypeError(`output ${name}: expected float32`)
      return [name, tensor(dims, data)]
    }),
  )
}
