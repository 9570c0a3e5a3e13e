import type { Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { StudioError } from '../contract/failure.ts'
import type { OnnxGraph, WeightRegion } from './graph.ts'

const CHUNK_BYTES = 1 << 24

/**
 * Checks that every weight lies inside its file, and that the files are as they were when the weights were found: one that
 * another program wrote anew may hold anything at the same places.
 * @throws StudioError model-missing when a file is gone, checkpoint-unsupported when one was cut short or written anew
 */
export async function checkWeightFiles(graph: OnnxGraph): Promise<void> {
  for (const [file, regions] of byFile(graph)) {
    const { size, mtimeMs } = await statOf(file)
    const beyond = regions.find(({ offset, length }) => offset + length > size)
    if (beyond) {
      const { tensor, offset, length } = beyond
      throw new StudioError(
        'checkpoint-unsupported',
        `${file}: tensor ${tensor}: expected its bytes to end at ${offset + length}, found a file of ${size} bytes`,
      )
    }
    if (regions.some(({ changedAt }) => changedAt !== undefined && changedAt !== mtimeMs)) {
      const sentence = 'expected the file as it was when it was looked at, found it written anew since; try again'
      throw new StudioError('checkpoint-unsupported', `${file}: ${sentence}`)
    }
  }
}

/**
 * Reads the weights once, in the order they lie, so that the runtime finds them in the system's file cache.
 * @param onProgress told the share of bytes read, 0 to 1
 */
export async function readAhead(graph: OnnxGraph, onProgress: (share: number) => void): Promise<void> {
  const total = graph.regions.reduce((sum, { length }) => sum + length, 0)
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, total))
  let done = 0
  for (const [file, regions] of byFile(graph)) {
    const handle = await open(file)
    try {
      for (const { start, end } of spans(regions)) {
        let at = start
        while (at < end) {
          const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at)
          if (bytesRead === 0) break
          at += bytesRead
          done += bytesRead
          onProgress(done / total)
        }
      }
    } finally {
      await handle.close()
    }
  }
}

function byFile({ regions }: OnnxGraph): Map<string, WeightRegion[]> {
  return Map.groupBy(regions, ({ file }) => file)
}

/** Regions that touch, joined, in the order of the file. */
function spans(regions: readonly WeightRegion[]): { start: number; end: number }[] {
  const joined: { start: number; end: number }[] = []
  for (const { offset, length } of [...regions].sort((a, b) => a.offset - b.offset)) {
    const last = joined.at(-1)
    if (last?.end === offset) last.end += length
    else joined.push({ start: offset, end: offset + length })
  }
  return joined
}

async function statOf(file: string): Promise<Stats> {
  try {
    return await stat(file)
  } catch (error) {
    throw new StudioError('model-missing', `${file}: expected the weights file, found none`, { cause: error })
  }
}
