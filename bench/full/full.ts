import { inChild } from '../child/run.ts'
import { speedReport } from '../gemm/gemm.ts'
import { memoryReport } from '../memory/memory.ts'
import type { BenchOptions, Report } from '../report.ts'
import { inTemporaryFolder } from '../temporary-folder.ts'
import { writeUnet } from './write-unet.ts'

/** One picture of 512x512 without guidance. */
const SHAPE = { batch: 1, latentHeight: 64, latentWidth: 64, tokens: 77 }
/** A pass takes seconds and varies little. */
const MOST_REPEATS = 5

/** Speed and memory of a U-Net of Stable Diffusion 1.5's size with random float16 weights. Takes minutes and 1.7 GB of disk. */
export async function full({ repeats, threads }: BenchOptions): Promise<Report[]> {
  return inTemporaryFolder(async (modelFolder) => {
    await writeUnet(modelFolder)
    const few = Math.min(repeats, MOST_REPEATS)
    const times = await inChild('gemm', { modelFolder, shape: SHAPE, passes: 1, probeRuns: 100, repeats: few, threads })
    return [
      speedReport("full: Stable Diffusion 1.5's U-Net, random weights", SHAPE, times),
      await memoryReport("memory: Stable Diffusion 1.5's U-Net", 1, {
        modelFolder,
        networks: 'U-Net',
        shape: SHAPE,
        threads,
      }),
    ]
  })
}
