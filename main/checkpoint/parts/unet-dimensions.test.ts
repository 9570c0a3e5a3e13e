import { expect, test } from 'vitest'
import type { UnetConfig } from '../config.ts'
import { unetTensors } from '../expected/unet.ts'
import { ldmUnetNames } from '../ldm/names.ts'
import type { Sidecar } from '../ldm/sidecar.ts'
import type { TensorEntry, TensorIndex } from '../tensor-index.ts'
import { SD1_UNET } from '../test-configs.ts'
import { nameInFile } from '../weights.ts'
import { originalUnetConfig, unetDimensions } from './unet-dimensions.ts'

const SDXL_UNET: UnetConfig = {
  ...SD1_UNET,
  blockChannels: [320, 640, 1280],
  downTransformerDepth: [0, 2, 10],
  upTransformerDepth: [0, 2, 10],
  middleTransformerDepth: 10,
  headCount: [5, 10, 20],
  crossAttentionDim: 2048,
  vector: { size: 2816, numberWidth: 256 },
  hasLinearProjections: true,
}
/** As Stability's refiner: wider, and without transformers at its ends. */
const REFINER_UNET: UnetConfig = {
  ...SDXL_UNET,
  blockChannels: [384, 768, 1536, 1536],
  downTransformerDepth: [0, 4, 4, 0],
  upTransformerDepth: [0, 4, 4, 0],
  middleTransformerDepth: 4,
  headCount: [6, 12, 24, 24],
  crossAttentionDim: 1280,
  vector: { size: 2560, numberWidth: 256 },
}
const SILENT: Sidecar = {
  scaleFactor: null,
  betaStart: null,
  betaEnd: null,
  trainTimesteps: null,
  predictionType: null,
  headCount: null,
  headWidth: null,
  latentSize: null,
}

/** A file that holds what a U-Net of these dimensions needs, under the names that `named` gives. */
function fileOf(config: UnetConfig, named: (name: string) => string): TensorIndex {
  const entries = new Map<string, TensorEntry>()
  for (const [name, shape] of unetTensors(config)) {
    const entry = { name: named(name), dtype: 'F16', shape, file: '/unet', offset: 0, sizeBytes: 0 } as const
    entries.set(entry.name, entry)
  }
  return { file: '/unet', sizeBytes: 0, entries, metadata: {} }
}

function read(config: UnetConfig, base: UnetConfig, sidecar = SILENT): [diffusers: UnetConfig, original: UnetConfig] {
  const names = ldmUnetNames(config)
  const original = fileOf(config, (name) => nameInFile(names(name)[0] ?? name))
  return [
    unetDimensions(
      fileOf(config, (name) => name),
      base,
    ),
    originalUnetConfig(original, base, sidecar),
  ]
}

test.each([
  ['Stable Diffusion 1', SD1_UNET, SD1_UNET],
  ['one of it that sees a mask', { ...SD1_UNET, inChannels: 9 }, SD1_UNET],
  ['Stable Diffusion XL', SDXL_UNET, SDXL_UNET],
  ['a latent consistency model of it', { ...SDXL_UNET, guidanceSize: 256 }, SDXL_UNET],
  ['the refiner, whose heads are as wide as those of the base', REFINER_UNET, SDXL_UNET],
])('the U-Net of %s is known by the names and shapes in its file, of either layout', (_, config, base) => {
  expect(read(config, base)).toEqual([config, config])
})

test('another depth keeps the number of the base’s heads, where these are not of one width', () => {
  const shallow = {
    ...SD1_UNET,
    blockChannels: [320, 640],
    downTransformerDepth: [1, 1],
    upTransformerDepth: [1, 1],
    headCount: [8, 8],
  }
  expect(read(shallow, SD1_UNET)).toEqual([shallow, shallow])
})

test('the configuration beside a file of the original’s names says how wide its heads are', () => {
  expect(read(SD1_UNET, SD1_UNET, { ...SILENT, headWidth: 64 })[1].headCount).toEqual([5, 10, 20, 20])
})

test('a U-Net that is told no prompt is refused', () => {
  const plain = {
    ...SD1_UNET,
    downTransformerDepth: [0, 0, 0, 0],
    upTransformerDepth: [0, 0, 0, 0],
    middleTransformerDepth: 0,
  }
  expect(() =>
    unetDimensions(
      fileOf(plain, (name) => name),
      SD1_UNET,
    ),
  ).toThrow('found one without transformers')
})
