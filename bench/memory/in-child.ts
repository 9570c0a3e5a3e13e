import { openCheckpoint } from '../../main/checkpoint/open.ts'
import type { GenerationTask } from '../../main/contract/studio.ts'
import { networkSizes } from '../../main/studio/network-sizes.ts'
import type { NetworkSize } from '../../main/studio/network-sizes.ts'
import { drawnNetworks } from '../../main/studio/networks.ts'
import { Studio } from '../../main/studio/studio.ts'
import { vocabulariesFolder } from '../starter-task.ts'
import { statusBytes } from './process-memory.ts'

/** Bytes. */
export interface MemoryUsed {
  /** The weights of all the model's networks. */
  readonly stored: number
  readonly asFloat32: number
  /** Peak resident memory before the model was opened, and in the end. */
  readonly before: number
  readonly peak: number
}

/** Makes one picture as the studio process does. */
export async function useMemory(task: GenerationTask): Promise<MemoryUsed> {
  const before = peakBytes()
  const studio = new Studio({ vocabulariesFolder, appVersion: '0' })
  await studio.generate(task, {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onPreview: () => undefined,
    logger: { info: () => undefined, warn: console.warn, error: console.error },
  })
  const peak = peakBytes()
  return { ...(await weightsOf(task.modelPath)), before, peak }
}

async function weightsOf(modelPath: string): Promise<Pick<MemoryUsed, 'stored' | 'asFloat32'>> {
  const model = await openCheckpoint(modelPath)
  const { textEncoders, unet, decoder, encoder } = networkSizes(drawnNetworks(model))
  const networks = [...textEncoders, unet, decoder, ...(encoder ? [encoder] : [])]
  const sum = (of: (size: NetworkSize) => number) => networks.reduce((total, size) => total + of(size), 0)
  return { stored: sum(({ storedBytes }) => storedBytes), asFloat32: sum(({ float32Bytes }) => float32Bytes) }
}

/** Linux counts more exactly than the portable number, which may include the parent before the fork. */
function peakBytes(): number {
  return statusBytes('VmHWM') ?? process.resourceUsage().maxRSS * 1024
}
