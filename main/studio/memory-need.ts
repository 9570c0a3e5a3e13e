import type { MemoryUse } from '../contract/memory.ts'
import { BLOCK_PEAK_SHARE } from '../runtime/memory.ts'
import type { NetworkSize } from './network-sizes.ts'

/** A picture to be made, and how many of its latents a pass of the U-Net takes at once. */
export interface Picture {
  readonly widthPx: number
  readonly heightPx: number
  readonly batch: number
}

/** Of each level, highest resolution first. */
export interface NetworkWidths {
  /** Pixels a side for each latent cell. */
  readonly factor: number
  readonly unet: readonly number[]
  /** Whether the U-Net has transformers at a level. */
  readonly unetHasAttention: readonly boolean[]
  readonly autoencoder: readonly number[]
}

/** Stable Diffusion's: for networks that do not say. */
export const USUAL_WIDTHS: NetworkWidths = {
  factor: 8,
  unet: [320, 640, 1280, 1280],
  unetHasAttention: [true, true, true, false],
  autoencoder: [128, 256, 512, 512],
}

const FLOAT_BYTES = 4
/** The runtime's own copies, padding and what the allocator cannot give back, beside weights held as float32. */
const FAST_SHARE = 1.12
/** While it loads fast, a network holds most of its weights twice, or those of one piece at a time. */
const TWICE_SHARE = 0.65
const PIECE_BYTES = 0.25e9
/** Of the weights of one piece as float32, at most. */
const WHOLE_PIECE_BYTES = 512e6
/** Live values of a level's width in a cell: of residual blocks, and of transformers, whose inner layers are 4 times as wide. */
const BLOCK_VALUES = 10
const TRANSFORMER_VALUES = 30
/** Live pictures of the widest level: the decoder's upsampling convolution, the encoder's first blocks. */
const DECODER_VALUES = 2.6
const ENCODER_VALUES = 3.2
const WIDENED_EARLY = 0.04

/** The weights as a network keeps them, and what it takes beside them while it loads; as stored, they are pages of the file. */
export function weightBytesHeld(size: NetworkSize, use: MemoryUse): number {
  const { storedBytes, float32Bytes, blockBytes = 0, isInPieces } = size
  if (use === 'small') return storedBytes
  const twice = isInPieces ? PIECE_BYTES : float32Bytes * TWICE_SHARE
  const ofBlocks = (BLOCK_PEAK_SHARE - FAST_SHARE) * Math.min(blockBytes, isInPieces ? WHOLE_PIECE_BYTES : Infinity)
  return Math.round(float32Bytes * FAST_SHARE + Math.max(twice, ofBlocks))
}

/** Beyond the weights, as are all below: a layer's weights, widened. */
export function textPassBytes({ largestBytes, float32Bytes }: NetworkSize): number {
  return Math.min(2 * largestBytes, float32Bytes / 8)
}

/** Skips of every level, the live values of the widest one, and weights widened at once. */
export function unetPassBytes(size: NetworkSize, widths: NetworkWidths, picture: Picture): number {
  const { unet, unetHasAttention } = widths
  const levels = unet.map((width, level) => FLOAT_BYTES * width * cellsOf(picture, widths.factor * 2 ** level))
  const skips = levels.reduce((sum, bytes) => sum + 3 * bytes, 0)
  const live = levels.map((bytes, level) => bytes * (unetHasAttention[level] ? TRANSFORMER_VALUES : BLOCK_VALUES))
  return picture.batch * (skips + Math.max(...live)) + widenedBytes(size)
}

export function decoderPassBytes(size: NetworkSize, widths: NetworkWidths, picture: Picture): number {
  const { autoencoder } = widths
  // A level's first block and the upsampling before it are as wide as the level below.
  const levels = autoencoder.map((width, level) => {
    const widest = level === autoencoder.length - 1 ? width : (autoencoder[level + 1] ?? width)
    return FLOAT_BYTES * widest * cellsOf(picture, 2 ** level)
  })
  return DECODER_VALUES * Math.max(...levels) + widenedBytes(size)
}

export function encoderPassBytes(size: NetworkSize, { autoencoder }: NetworkWidths, picture: Picture): number {
  const levels = autoencoder.map((width, level) => FLOAT_BYTES * width * cellsOf(picture, 2 ** level))
  return ENCODER_VALUES * Math.max(...levels) + widenedBytes(size)
}

/** A layer's weights, and those that the runtime happens to widen before their turn. */
function widenedBytes({ largestBytes, float32Bytes }: NetworkSize): number {
  return 2 * largestBytes + WIDENED_EARLY * float32Bytes
}

function cellsOf({ widthPx, heightPx }: Picture, factor: number): number {
  return Math.ceil(widthPx / factor) * Math.ceil(heightPx / factor)
}
