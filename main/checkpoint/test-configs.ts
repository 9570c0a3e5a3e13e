import type { AutoencoderConfig, ClipTextConfig, UnetConfig } from './config.ts'

/** The networks of Stable Diffusion 1 as published. */
export const SD1_UNET: UnetConfig = {
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
  normGroups: 32,
  normEps: 1e-5,
}
export const SD1_AUTOENCODER: AutoencoderConfig = {
  imageChannels: 3,
  latentChannels: 4,
  blockChannels: [128, 256, 512, 512],
  layersPerBlock: 2,
  normGroups: 32,
  hasMiddleAttention: true,
  hasQuantConv: true,
  scalingFactor: 0.18215,
}
export const CLIP_L: ClipTextConfig = {
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
