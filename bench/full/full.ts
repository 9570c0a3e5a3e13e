import { inChild } from '../child/run.ts'
import { speedReport } from '../gemm/gemm.ts'
import type { BenchOptions, Report } from '../report.ts'
import { inTemporaryFolder } from '../temporary-folder.ts'
import { FULL_MODELS, writeUnet } from './write-model.ts'

/** One picture of 512x512 without guidance. */
const SHAPE = { batch: 1, latentHeight: 64, latentWidth: 64, tokens: 77 }
/** A pass takes seconds and varies little. */
const MOST_REPEATS = 5

/** Speed of a U-Net of Stable Diffusion 1.5's size with random float16 weights. Takes minutes and 1.7 GB of disk. */
export async function full({ repeats, threads }: BenchOptions): Promise<Report> {
  return inTemporaryFolder(async (modelFolder) => {
    await writeUnet(modelFolder, FULL_MODELS.sd15)
    const few = Math.min(repeats, MOST_REPEATS)
    const times = await inChild('gemm', { modelFolder, shape: SHAPE, passes: 1, probeRuns: 100, repeats: few, threads })
    return speedReport("full: Stable Diffusion 1.5's U-Net, random weights", SHAPE, times)
  })
}
