import { join } from 'node:path'
import type { UnetConfig } from '../../main/checkpoint/config.ts'
import { readNetwork, UNET } from '../../main/checkpoint/diffusers/network.ts'
import { readUnetConfig } from '../../main/checkpoint/diffusers/unet-config.ts'
import type { Component } from '../../main/checkpoint/weights.ts'
import { buildUnet } from '../../main/network/unet.ts'
import { loadNetwork } from '../../main/runtime/network.ts'
import type { MemoryUse } from '../../main/runtime/network.ts'
import { gaussianNoise } from '../../main/tensor/noise.ts'
import { tensor } from '../../main/tensor/tensor.ts'
import type { Tensor } from '../../main/tensor/tensor.ts'
import { alternate, timed } from '../alternate.ts'
import { countUnetFlops } from '../unet-flops.ts'
import type { PassShape } from '../unet-flops.ts'
import { gemmProbe } from './gemm-probe.ts'

export interface GemmInput {
  /** A diffusers folder; only its U-Net is read. */
  readonly modelFolder: string
  readonly shape: PassShape
  /** In a sample: enough of both for the threads' waking up not to count, and to last about as long as each other. */
  readonly passes: number
  readonly probeRuns: number
  readonly repeats: number
  readonly threads: number | null
}

export interface GemmTimes {
  /** Of one run. */
  readonly probeFlops: number
  readonly unetFlops: number
  /** Milliseconds each, as all below. */
  readonly loads: Record<MemoryUse, number>
  readonly probe: number[]
  readonly fast: number[]
  readonly small: number[]
}

/** Passes of a U-Net, held in memory both ways, between products of large matrices. */
export async function timePasses({
  modelFolder,
  shape,
  passes,
  probeRuns,
  repeats,
  threads,
}: GemmInput): Promise<GemmTimes> {
  const component = await openUnet(modelFolder)
  const probe = await gemmProbe(threads)
  const fast = await timedLoad(component, shape, 'fast', threads)
  const small = await timedLoad(component, shape, 'small', threads)
  const samples = await alternate(repeats, {
    probe: () => meanMs(probeRuns, probe.run),
    fast: () => meanMs(passes, fast.pass),
    small: () => meanMs(passes, small.pass),
  })
  await Promise.all([probe.release(), fast.release(), small.release()])
  return {
    probeFlops: probe.flops,
    unetFlops: countUnetFlops(component.config, shape),
    loads: { fast: fast.loadMs, small: small.loadMs },
    ...samples,
  }
}

async function meanMs(count: number, run: () => Promise<unknown>): Promise<number> {
  const whole = await timed(async () => {
    for (let i = 0; i < count; i++) await run()
  })
  return whole / count
}

/** @throws StudioError checkpoint-unsupported */
export async function openUnet(modelFolder: string): Promise<Component<UnetConfig>> {
  const { config } = await readUnetConfig(join(modelFolder, UNET.folder, 'config.json'))
  return readNetwork(modelFolder, UNET, config)
}

interface LoadedUnet {
  readonly loadMs: number
  readonly pass: () => Promise<unknown>
  readonly release: () => Promise<void>
}

async function timedLoad(
  component: Component<UnetConfig>,
  shape: PassShape,
  memory: MemoryUse,
  threads: number | null,
): Promise<LoadedUnet> {
  const start = performance.now()
  const network = await loadNetwork(buildUnet(component), { memory, threads })
  const loadMs = performance.now() - start
  const feeds = unetFeeds(component.config, shape)
  return { loadMs, pass: () => network.run(feeds), release: () => network.release() }
}

/** Random inputs of a U-Net's pass. */
export function unetFeeds(
  config: UnetConfig,
  { batch, latentHeight, latentWidth, tokens }: PassShape,
): Record<'sample' | 'timestep' | 'context', Tensor> {
  return {
    sample: gaussianNoise(1, 0, [batch, config.inChannels, latentHeight, latentWidth]),
    timestep: tensor([batch], new Float32Array(batch).fill(500)),
    context: gaussianNoise(2, 0, [batch, tokens, config.crossAttentionDim]),
  }
}
