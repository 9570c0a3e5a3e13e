import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { runtimeVersion } from '../main/runtime/network.ts'
import { formatNumber } from './table.ts'

/** Lines that say on what machine, and how busy it was, the numbers came about. */
export function machineFacts(): string[] {
  const [processor] = cpus()
  return [
    `processor  ${processor?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores`,
    `memory     ${formatNumber(totalmem() / 2 ** 30)} GiB`,
    `system     ${platform()} ${release()} ${arch()}`,
    `runtime    Node ${process.versions.node}, onnxruntime-node ${runtimeVersion}`,
  ]
}

/** How many programs wanted a core in the last minute; Windows does not say. */
export function loadLine(): string {
  const [lastMinute = 0] = loadavg()
  const cores = availableParallelism()
  const isBusy = lastMinute > cores
  return `load       ${formatNumber(lastMinute)} on ${cores} cores${isBusy ? ': busy with other things, go by the ratios' : ''}`
}
