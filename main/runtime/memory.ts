import { totalmem } from 'node:os'
import type { OnnxGraph } from './graph.ts'

/**
 * `fast`: weights are widened to float32 and laid out for the processor once, at loading.
 * `small`: they stay in the system's file cache as they are stored and are widened at each pass. A network then takes
 * little more memory than its activations and loads at once; a pass takes 10 to 20 % longer.
 */
export type MemoryUse = 'fast' | 'small'

/** Measured: while it loads, a network of half-precision weights takes up to 1.8 times its size as float32. */
const PEAK_SHARE = 1.8
/** Of weights in blocks, whose steps of widening stand beside each other meanwhile. */
export const BLOCK_PEAK_SHARE = 3.5
/** For the activations and whatever else runs. */
const RESERVE_BYTES = 1.5 * 2 ** 30
/** macOS counts file cache as used memory, so that what is free says little there. */
const USABLE_SHARE_OF_TOTAL = 0.7

/** `fast` when loading that way leaves the machine room to breathe. */
export function memoryUseFor(graph: OnnxGraph, availableBytes = availableMemory()): MemoryUse {
  const peakBytes = graph.regions.reduce(
    (sum, { values, isInBlocks }) => sum + values * 4 * (isInBlocks ? BLOCK_PEAK_SHARE : PEAK_SHARE),
    0,
  )
  return peakBytes + RESERVE_BYTES <= availableBytes ? 'fast' : 'small'
}

/** Bytes that a program may take without others being pushed out. */
export function availableMemory(): number {
  return process.platform === 'darwin' ? totalmem() * USABLE_SHARE_OF_TOTAL : process.availableMemory()
}
