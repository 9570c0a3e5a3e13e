import { expect, it } from 'vitest'
import { unetTensors } from '../expected/unet.ts'
import type { ExpectedTensors } from '../expected/layers.ts'
import type { TensorEntry, TensorIndex } from '../tensor-index.ts'
import { unetShapes } from '../test-ldm-models.ts'
import type { LdmUnet } from '../test-ldm-models.ts'
import { ldmUnetConfig } from './dimensions.ts'
import { plainUnetConfig, plainUnetNames, plainUnetTensors } from './plain-unet.ts'

/** Of faces and bedrooms; its two sisters differ in the fields given. */
const FACES: LdmUnet = {
  channels: 3,
  width: 224,
  mult: [1, 2, 3, 4],
  resBlocks: 2,
  attention: [1, 2, 3],
  contextDim: null,
  scaleShift: false,
  updown: false,
}
const CHURCHES: LdmUnet = {
  ...FACES,
  channels: 4,
  width: 192,
  mult: [1, 2, 2, 4, 4],
  attention: [0, 1, 2, 3],
  scaleShift: true,
  updown: true,
}
const CLASSES: LdmUnet = { ...FACES, width: 192, mult: [1, 2, 3, 5], contextDim: 512 }

/** A header of the published size, without a file. */
function indexOf(unet: LdmUnet, drop: (name: string) => boolean = () => false): TensorIndex {
  const entries = new Map<string, TensorEntry>()
  for (const [own, shape] of unetShapes(unet)) {
    const name = `model.diffusion_model.${own}`
    if (!drop(own)) entries.set(name, { name, dtype: 'F32', shape, file: 'model.ckpt', offset: 0, sizeBytes: 0 })
  }
  return { file: 'model.ckpt', sizeBytes: 0, entries, metadata: {} }
}

function millions(tensors: ExpectedTensors): number {
  const parameters = [...tensors.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)
  return Math.floor(parameters / 1e6)
}

/** Parameters in millions by Tables 10 and 12 of the paper. */
it.each([
  ['faces', FACES, 274],
  ['churches', CHURCHES, 294],
])('finds every tensor of the U-Net of %s', (_, unet, expected) => {
  const index = indexOf(unet)
  const tensors = plainUnetTensors(plainUnetConfig(index, { width: 32 }))
  expect(millions(tensors)).toBe(expected)
  expect(new Set([...tensors.keys()].map((name) => plainUnetNames(name)[1]))).toEqual(new Set(index.entries.keys()))
})

it('finds every tensor of the U-Net of classes, which has spatial transformers', () => {
  const index = indexOf(CLASSES)
  const config = ldmUnetConfig(index, { count: 1 })
  expect(config).toMatchObject({ crossAttentionDim: 512, headCount: [1, 1, 1, 1], downTransformerDepth: [0, 1, 1, 1] })
  expect(millions(unetTensors(config))).toBe(400)
})

it('knows heads, resizing and the way of being told from names and shapes', () => {
  const faces = plainUnetConfig(indexOf(FACES), { width: 32 })
  expect(faces.down.map(({ heads }) => heads)).toEqual([0, 0, 0, 14, 14, 0, 21, 21, 0, 28, 28])
  expect(faces.down.map(({ resize }) => resize).filter((resize) => resize === 'convolution')).toHaveLength(3)
  const churches = plainUnetConfig(indexOf(CHURCHES), { count: 8 })
  expect(churches.down.flatMap(({ resize }, i) => (resize === 'resnet' ? [i] : []))).toEqual([2, 5, 8, 11])
  expect(churches.up.flatMap(({ resize }, i) => (resize === 'resnet' ? [i] : []))).toEqual([2, 5, 8, 11])
  expect([faces.hasScaleShift, churches.hasScaleShift]).toEqual([false, true])
})

it('says how many blocks it expected where some are missing', () => {
  const index = indexOf(FACES, (name) => name.startsWith('input_blocks.11.'))
  expect(() => plainUnetConfig(index, { width: 32 })).toThrow(
    'expected 11 blocks on the way down, as 12 on the way up need, found 10',
  )
})
