import type { OnnxGraph } from '../../main/runtime/graph.ts'
import { loadNetwork } from '../../main/runtime/network.ts'
import type { Feed, MemoryUse } from '../../main/runtime/network.ts'
import { openCheckpoint } from '../../main/checkpoint/open.ts'
import { buildAutoencoderDecoder } from '../../main/network/autoencoder.ts'
import { buildTextEncoder } from '../../main/network/text-encoder.ts'
import { buildUnet } from '../../main/network/unet.ts'
import { gaussianNoise } from '../../main/tensor/noise.ts'
import { openUnet, unetFeeds } from '../gemm/in-child.ts'
import type { PassShape } from '../unet-flops.ts'
import { statusBytes } from './process-memory.ts'

export interface MemoryInput {
  readonly modelFolder: string
  /** All that a picture from words needs, or the U-Net alone. */
  readonly networks: 'all' | 'U-Net'
  readonly shape: PassShape
  readonly memory: MemoryUse
  readonly threads: number | null
}

/** Bytes. */
export interface MemoryUsed {
  readonly stored: number
  readonly asFloat32: number
  /** Peak resident memory before the first network was loaded, and in the end. */
  readonly before: number
  readonly peak: number
  /** The part of it that no file backs before the first network was loaded; null where the system does not tell. */
  readonly ownBefore: number | null
}

interface Part {
  readonly graph: OnnxGraph
  readonly feeds: Record<string, Feed>
}

/** Loads networks, keeps them as the studio does, and runs each once. */
export async function useMemory(input: MemoryInput): Promise<MemoryUsed> {
  const { memory, threads, networks } = input
  const parts = networks === 'all' ? await allParts(input) : [await unetPart(input)]
  const [before, ownBefore] = [peakBytes(), statusBytes('RssAnon')]
  const loaded = []
  for (const { graph } of parts) loaded.push(await loadNetwork(graph, { memory, threads }))
  for (const [i, network] of loaded.entries()) await network.run(parts[i]?.feeds ?? {})
  return {
    stored: sum(parts.map(({ graph }) => sum(graph.regions.map(({ length }) => length)))),
    asFloat32: sum(parts.map(float32Bytes)),
    before,
    peak: peakBytes(),
    ownBefore,
  }
}

async function unetPart({ modelFolder, shape }: MemoryInput): Promise<Part> {
  const component = await openUnet(modelFolder)
  return { graph: buildUnet(component), feeds: unetFeeds(component.config, shape) }
}

async function allParts({ modelFolder, shape }: MemoryInput): Promise<Part[]> {
  const { textEncoders, unet, autoencoder } = await openCheckpoint(modelFolder)
  const { batch, latentHeight, latentWidth, tokens } = shape
  const ids = new BigInt64Array(batch * tokens)
  const latent = gaussianNoise(3, 0, [1, autoencoder.config.latentChannels, latentHeight, latentWidth])
  return [
    ...textEncoders.map((textEncoder) => ({
      graph: buildTextEncoder(textEncoder),
      feeds: { input_ids: { shape: [batch, tokens], data: ids } },
    })),
    { graph: buildUnet(unet), feeds: unetFeeds(unet.config, shape) },
    { graph: buildAutoencoderDecoder(autoencoder), feeds: { latent } },
  ]
}

function float32Bytes({ graph }: Part): number {
  return sum(graph.regions.map(({ values }) => values * 4))
}

/** Linux counts more exactly than the portable number, which may include the parent before the fork. */
function peakBytes(): number {
  return statusBytes('VmHWM') ?? process.resourceUsage().maxRSS * 1024
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
