import { expect, it } from 'vitest'
import { autoencoderTensors } from './autoencoder.ts'
import type { ExpectedTensors } from './layers.ts'
import { textEncoderTensors } from './text-encoder.ts'
import { unetTensors } from './unet.ts'

const norms = { normGroups: 32, normEps: 1e-5 }
const stableDiffusion1 = unetTensors({
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
  hasLinearProjections: false,
  ...norms,
})
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
const clipLarge = textEncoderTensors({
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
})

/** Counts published for Stable Diffusion 1.5's networks. */
it.each([
  ['U-Net', stableDiffusion1, 686, 859_520_964],
  ['autoencoder', autoencoder, 248, 83_653_863],
  ['text encoder', clipLarge, 196, 123_060_480],
])(
  "expects the tensors and parameters of Stable Diffusion 1.5's %s",
  (_, tensors: ExpectedTensors, count, parameters) => {
    expect(tensors.size).toBe(count)
    expect([...tensors.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(parameters)
  },
)
