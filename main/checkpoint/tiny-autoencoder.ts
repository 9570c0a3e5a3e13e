import { StudioError } from '../contract/failure.ts'
import { TensorList } from './expected/layers.ts'
import type { ExpectedTensors } from './expected/layers.ts'
import { readTensorIndex } from './file-kind.ts'
import { soundWeights } from './parts/sound-weights.ts'
import type { TensorIndex } from './tensor-index.ts'
import type { Component } from './weights.ts'

/** One half of a tiny autoencoder (TAESD): convolutions of one width, no norms, no attention. */
export interface TinyAutoencoderConfig {
  readonly imageChannels: number
  readonly latentChannels: number
  readonly channels: number
  /** Blocks of each resolution, in the order in which the half goes through them. */
  readonly blocks: readonly number[]
}

/** The halves by the names of diffusers' AutoencoderTiny; the original's files count the decoder's clamp as a layer. */
const HALVES = {
  encoder: { prefix: 'encoder.layers.', firstLayer: 0 },
  decoder: { prefix: 'decoder.layers.', firstLayer: 1 },
} as const

type Half = keyof typeof HALVES

/**
 * A half of a tiny autoencoder in a file of the original code's names (`taesd_encoder.safetensors`,
 * `taesd_decoder.safetensors`, and those for SD XL); its layers tell its dimensions.
 * @throws StudioError model-missing, checkpoint-unsupported
 */
export async function openTinyAutoencoder(path: string, half: Half): Promise<Component<TinyAutoencoderConfig>> {
  return readTinyAutoencoder(await readTensorIndex(path), half)
}

/** The same from an index, by the original's names or those of diffusers' AutoencoderTiny. @throws StudioError checkpoint-unsupported */
export function readTinyAutoencoder(index: TensorIndex, half: Half): Component<TinyAutoencoderConfig> {
  const { prefix, firstLayer } = HALVES[half]
  const nameMap = (name: string): [string] => [
    name.replace(prefix, '').replace(/^\d+/, (layer) => `${Number(layer) + firstLayer}`),
  ]
  const own = [...index.entries].filter(([name]) => name.startsWith(prefix))
  const entries = own.length === 0 ? index.entries : new Map(own.map(([name, entry]) => [nameMap(name)[0], entry]))
  const config = dimensions({ ...index, entries }, half)
  const source = { path: index.file, entries, nameMap }
  return { config, weights: soundWeights(source, tinyAutoencoderTensors(config, half)) }
}

function dimensions({ file, entries }: TensorIndex, half: Half): TinyAutoencoderConfig {
  const layers = [...entries.keys()].map((name) => Number.parseInt(name, 10))
  const { firstLayer } = HALVES[half]
  const last = Math.max(...layers)
  const first = entries.get(`${firstLayer}.weight`)?.shape
  const end = entries.get(`${last}.weight`)?.shape
  if (!first || !end) {
    throw new StudioError(
      'checkpoint-unsupported',
      `${file}: expected the ${half} of a tiny autoencoder, from ${firstLayer}.weight on, found other tensors`,
    )
  }
  const blocks: number[] = []
  let isInBlocks = false
  for (let layer = firstLayer; layer <= last; layer++) {
    const isBlock = entries.has(`${layer}.conv.0.weight`)
    if (isBlock && !isInBlocks) blocks.push(0)
    if (isBlock) blocks.push((blocks.pop() ?? 0) + 1)
    isInBlocks = isBlock
  }
  const [channels = 0, inChannels = 0] = first
  const [outChannels = 0] = end
  return half === 'encoder'
    ? { imageChannels: inChannels, latentChannels: outChannels, channels, blocks }
    : { imageChannels: outChannels, latentChannels: inChannels, channels, blocks }
}

/** Every tensor that a half of these dimensions needs. */
function tinyAutoencoderTensors(config: TinyAutoencoderConfig, half: Half): ExpectedTensors {
  const list = new TensorList()
  const { prefix } = HALVES[half]
  const { channels, blocks } = config
  const isDecoder = half === 'decoder'
  list.conv(`${prefix}0`, isDecoder ? config.latentChannels : config.imageChannels, channels, 3)
  // A decoder has an activation after its first layer, and an upsampling before each resolution's convolution.
  let layer = isDecoder ? 2 : 1
  for (const [i, count] of blocks.entries()) {
    for (let end = layer + count; layer < end; layer++) {
      for (const inner of [0, 2, 4]) list.conv(`${prefix}${layer}.conv.${inner}`, channels, channels, 3)
    }
    if (i === blocks.length - 1) break
    if (isDecoder) layer++
    list.conv(`${prefix}${layer++}`, channels, channels, 3, false)
  }
  list.conv(`${prefix}${layer}`, channels, isDecoder ? config.imageChannels : config.latentChannels, 3)
  return list.tensors
}
