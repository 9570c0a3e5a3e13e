import { readFileSync } from 'node:fs'

/** Often enough to see what a load holds for a moment. */
const LOOK_MS = 5

/**
 * A field of a process's memory status in bytes; null where the system does not tell.
 * VmHWM: peak resident memory. RssAnon: resident now and not backed by a file.
 */
export function statusBytes(field: 'VmHWM' | 'RssAnon', pid: number | 'self' = 'self'): number | null {
  if (process.platform !== 'linux') return null
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readStatus(pid))?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}

export interface MemoryPeaks {
  /** Of memory that no file backs; null where the system does not tell. */
  readonly own: number | null
}

/** Looks at a child while its only thread computes; the returned function ends that and gives the peak. */
export function watchMemory(pid: number): () => MemoryPeaks {
  let peak: number | null = null
  const timer = setInterval(() => {
    const own = statusBytes('RssAnon', pid)
    if (own !== null) peak = Math.max(peak ?? 0, own)
  }, LOOK_MS)
  return () => {
    clearInterval(timer)
    return { own: peak }
  }
}

function readStatus(pid: number | 'self'): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    // The process has ended.
    return ''
  }
}
