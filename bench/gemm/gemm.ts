import { openCheckpoint } from '../../main/checkpoint/open.ts'
import { inChild } from '../child/run.ts'
import type { BenchOptions, Report, Row } from '../report.ts'
import { starterFolder, starterRequest } from '../starter-task.ts'
import { pairedRatios } from '../statistics.ts'
import type { PassShape } from '../unet-flops.ts'
import type { GemmTimes } from './in-child.ts'

/** What share of the machine's speed at multiplying float32 matrices the built-in model's U-Net reaches. */
export async function gemm({ repeats, threads }: BenchOptions): Promise<Report> {
  const shape = await starterPass()
  const times = await inChild('gemm', {
    modelFolder: starterFolder,
    shape,
    passes: 10,
    probeRuns: 10,
    repeats,
    threads,
  })
  return speedReport('gemm: the built-in U-Net', shape, times)
}

/** The guided pass of the built-in model's default picture. */
export async function starterPass(): Promise<PassShape> {
  const { textEncoders, autoencoder } = await openCheckpoint(starterFolder)
  const { widthPx, heightPx } = await starterRequest()
  const factor = 2 ** (autoencoder.config.blockChannels.length - 1)
  return {
    batch: 2,
    latentHeight: heightPx / factor,
    latentWidth: widthPx / factor,
    tokens: textEncoders[0].config.contextLength,
  }
}

/** Speeds of passes beside that of matrix products, and how long they take. */
export function speedReport(title: string, shape: PassShape, times: GemmTimes): Report {
  const { probe, probeFlops, unetFlops, loads } = times
  const speed = (flops: number, samplesMs: readonly number[]) => samplesMs.map((ms) => flops / (ms * 1e6))
  const probeSpeed = speed(probeFlops, probe)
  const speedRow = (label: string, samplesMs: readonly number[]): Row => {
    const samples = speed(unetFlops, samplesMs)
    return {
      label,
      unit: 'GFLOP/s',
      samples,
      ratio: { samples: pairedRatios(samples, probeSpeed), to: 'matrix products' },
    }
  }
  const { batch, latentHeight, latentWidth, tokens } = shape
  return {
    title: `${title}, batch ${batch}, latent ${latentWidth}x${latentHeight}, ${tokens} tokens`,
    rows: [
      { label: 'float32 matrix products, 1024x1024x1024', unit: 'GFLOP/s', samples: probeSpeed },
      speedRow('passes, fast memory use', times.fast),
      speedRow('passes, small memory use', times.small),
      { label: 'a pass, fast', unit: 'ms', samples: times.fast },
      {
        label: 'a pass, small',
        unit: 'ms',
        samples: times.small,
        ratio: { samples: pairedRatios(times.small, times.fast), to: 'fast' },
      },
      { label: 'loading, fast', unit: 'ms', samples: [loads.fast] },
      {
        label: 'loading, small',
        unit: 'ms',
        samples: [loads.small],
        ratio: { samples: [loads.small / loads.fast], to: 'fast' },
      },
    ],
    notes: [`A pass is ${(unetFlops / 1e9).toFixed(1)} GFLOP: convolutions, linear layers and attention products.`],
  }
}
