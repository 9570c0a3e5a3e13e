import { expect, it } from 'vitest'
import type { ClipTextConfig, UnetConfig } from '../config.ts'
import { autoencoderTensors } from './autoencoder.ts'
import type { ExpectedTensors } from './layers.ts'
import { textEncoderTensors } from './text-encoder.ts'
import { unetTensors } from './unet.ts'

const norms = { normGroups: 32, normEps: 1e-5 }
const sd1Unet: UnetConfig = {
  inChannels: 4,
  outChannels: 4,
  blockChannels: [320, 640, 1280, 1280],
  layersPerBlock: 2,
  downTransformerDepth: [1, 1, 1, 0],
  upTransformerDepth: [1, 1, 1, 0],
  middleTransformerDepth: 1,
  headCount: [8, 8, 8, 8],
  crossAttentionDim: 768,
  vector: null,
  guidanceSize: null,
  hasLinearProjections: false,
  ...norms,
}
const sd2Unet: UnetConfig = {
  ...sd1Unet,
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
const autoencoder = autoencoderTensors({
  imageChannels: 3,
  latentChannels: 4,
  blockChannels: [128, 256, 512, 512],
  layersPerBlock: 2,
  hasMiddleAttention: true,
  hasQuantConv: true,
  scalingFactor: 0.18215,
  ...norms,
})
const clipLarge: ClipTextConfig = {
  vocabularySize: 49408,
  hiddenSize: 768,
  intermediateSize: 3072,
  layerCount: 12,
  headCount: 12,
  contextLength: 77,
  activation: 'quick_gelu',
  normEps: 1e-5,
  skippedLayers: 0,
  isContextNormed: true,
  projection: null,
}
/** As published for Stable Diffusion 2 in diffusers' layout, without its last layer. */
const openClipH: ClipTextConfig = {
  ...clipLarge,
  hiddenSize: 1024,
  intermediateSize: 4096,
  layerCount: 23,
  headCount: 16,
}
const openClipBigG: ClipTextConfig = {
  ...clipLarge,
  hiddenSize: 1280,
  intermediateSize: 5120,
  layerCount: 32,
  headCount: 20,
  projection: { size: 1280, isTransposed: false },
}

/** Counts published for the models' networks. */
it.each([
  ["Stable Diffusion 1.5's U-Net", unetTensors(sd1Unet), 686, 859_520_964],
  ["Stable Diffusion 2's U-Net", unetTensors(sd2Unet), 686, 865_910_724],
  ["Stable Diffusion XL's U-Net", unetTensors(sdxlUnet), 1680, 2_567_463_684],
  ['the autoencoder', autoencoder, 248, 83_653_863],
  ['CLIP ViT-L', textEncoderTensors(clipLarge), 196, 123_060_480],
  ['OpenCLIP ViT-H', textEncoderTensors(openClipH), 372, 340_387_840],
  ['OpenCLIP ViT-bigG', textEncoderTensors(openClipBigG), 517, 694_659_840],
])('expects the tensors and parameters of %s', (_, tensors: ExpectedTensors, count, parameters) => {
  expect(tensors.size).toBe(count)
  expect([...tensors.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(parameters)
})
