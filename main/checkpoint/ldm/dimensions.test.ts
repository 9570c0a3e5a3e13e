import { describe, expect, it } from 'vitest'
import type { AutoencoderConfig, UnetConfig } from '../config.ts'
import { autoencoderTensors } from '../expected/autoencoder.ts'
import type { ExpectedTensors } from '../expected/layers.ts'
import { unetTensors } from '../expected/unet.ts'
import { SD1_AUTOENCODER, SD1_UNET } from '../test-configs.ts'
import type { TensorIndex } from '../tensor-index.ts'
import { nameInFile } from '../weights.ts'
import type { NameMap } from '../weights.ts'
import { ldmAutoencoderConfig, ldmUnetConfig } from './dimensions.ts'
import { ldmAutoencoderNames, ldmUnetNames } from './names.ts'

/** The index of a file that holds these tensors under the original names. */
function indexOf(tensors: ExpectedTensors, nameMap: NameMap): TensorIndex {
  const entries = new Map(
    [...tensors].map(([own, shape]) => {
      const name = nameInFile(nameMap(own)[0] ?? own)
      return [name, { name, dtype: 'F16' as const, shape, file: 'model.safetensors', offset: 0, sizeBytes: 0 }]
    }),
  )
  return { file: 'model.safetensors', sizeBytes: 0, entries, metadata: {} }
}

describe('ldmUnetConfig', () => {
  it.each<[string, UnetConfig]>([
    ['Stable Diffusion 1', SD1_UNET],
    ['an inpainting model', { ...SD1_UNET, inChannels: 9 }],
    [
      'three levels of one block',
      {
        ...SD1_UNET,
        blockChannels: [32, 64, 96],
        layersPerBlock: 1,
        downTransformerDepth: [0, 1, 2],
        upTransformerDepth: [0, 1, 2],
        middleTransformerDepth: 2,
        headCount: [8, 8, 8],
      },
    ],
    ['linear projections', { ...SD1_UNET, hasLinearProjections: true, crossAttentionDim: 1024 }],
    ['another depth on the way up', { ...SD1_UNET, upTransformerDepth: [3, 2, 1, 0] }],
  ])('finds the dimensions of %s in names and shapes', (_, config) => {
    const index = indexOf(unetTensors(config), ldmUnetNames(config))
    expect(ldmUnetConfig(index, { count: 8 })).toEqual(config)
  })

  it('counts heads by their width where a family fixes that', () => {
    expect(ldmUnetConfig(indexOf(unetTensors(SD1_UNET), ldmUnetNames(SD1_UNET)), { width: 64 }).headCount).toEqual([
      5, 10, 20, 20,
    ])
  })

  it('says which tensor it looked for', () => {
    const tensors = new Map(unetTensors(SD1_UNET))
    tensors.delete('conv_out.weight')
    expect(() => ldmUnetConfig(indexOf(tensors, ldmUnetNames(SD1_UNET)), { count: 8 })).toThrow(
      'model.safetensors: expected tensor model.diffusion_model.out.2.weight, found none',
    )
  })
})

describe('ldmAutoencoderConfig', () => {
  it.each<[string, AutoencoderConfig]>([
    ['Stable Diffusion', SD1_AUTOENCODER],
    ['three levels of one block', { ...SD1_AUTOENCODER, blockChannels: [32, 64, 64], layersPerBlock: 1 }],
    [
      'more latent channels and no attention',
      { ...SD1_AUTOENCODER, latentChannels: 16, hasMiddleAttention: false, hasQuantConv: false },
    ],
  ])('finds the dimensions of %s', (_, config) => {
    expect(ldmAutoencoderConfig(indexOf(autoencoderTensors(config), ldmAutoencoderNames(config)), 0.18215)).toEqual(
      config,
    )
  })
})
