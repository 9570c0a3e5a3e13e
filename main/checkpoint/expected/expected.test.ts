import { expect, it } from 'vitest'
import type { ClipTextConfig, UnetConfig } from '../config.ts'
import { CLIP_L, SD1_AUTOENCODER, SD1_UNET } from '../test-configs.ts'
import { autoencoderTensors } from './autoencoder.ts'
import type { ExpectedTensors } from './layers.ts'
import { textEncoderTensors } from './text-encoder.ts'
import { unetTensors } from './unet.ts'

const sd2Unet: UnetConfig = {
  ...SD1_UNET,
  headCount: [5, 10, 20, 20],
  crossAttentionDim: 1024,
  hasLinearProjections: true,
}
const sdxlUnet: UnetConfig = {
  ...sd2Unet,
  blockChannels: [320, 640, 1280],
  downTransformerDepth: [0, 2, 10],
  upTransformerDepth: [0, 2, 10],
  middleTransformerDepth: 10,
  headCount: [5, 10, 20],
  crossAttentionDim: 2048,
  vector: { size: 2816, numberWidth: 256 },
}
/** As published for Stable Diffusion 2 in diffusers' layout, without its last layer. */
const openClipH: ClipTextConfig = {
  ...CLIP_L,
  hiddenSize: 1024,
  intermediateSize: 4096,
  layerCount: 23,
  headCount: 16,
}
const openClipBigG: ClipTextConfig = {
  ...CLIP_L,
  hiddenSize: 1280,
  intermediateSize: 5120,
  layerCount: 32,
  headCount: 20,
  projection: { size: 1280, isTransposed: false },
}

/** Counts published for the models' networks. */
it.each([
  ["Stable Diffusion 1.5's U-Net", unetTensors(SD1_UNET), 686, 859_520_964],
  ["Stable Diffusion 2's U-Net", unetTensors(sd2Unet), 686, 865_910_724],
  ["Stable Diffusion XL's U-Net", unetTensors(sdxlUnet), 1680, 2_567_463_684],
  ['the autoencoder', autoencoderTensors(SD1_AUTOENCODER), 248, 83_653_863],
  ['CLIP ViT-L', textEncoderTensors(CLIP_L), 196, 123_060_480],
  ['OpenCLIP ViT-H', textEncoderTensors(openClipH), 372, 340_387_840],
  ['OpenCLIP ViT-bigG', textEncoderTensors(openClipBigG), 517, 694_659_840],
])('expects the tensors and parameters of %s', (_, tensors: ExpectedTensors, count, parameters) => {
  expect(tensors.size).toBe(count)
  expect([...tensors.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(parameters)
})
