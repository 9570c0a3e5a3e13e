import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openModel } from '../checkpoint/open.ts'
import { randomTensor, unetShapes, writeLdmModel } from '../checkpoint/test-ldm-models.ts'
import type { LdmUnet } from '../checkpoint/test-ldm-models.ts'
import { loadNetwork } from '../runtime/network.ts'
import { tensor } from '../tensor/tensor.ts'
import { buildPlainUnet } from './plain-unet.ts'
import { PlainUnetReference } from './test-plain-unet.ts'

const AUTOENCODER = { width: 32, mult: [1], latentChannels: 3, codebook: 8, attention: [] }
const UNET: LdmUnet = {
  channels: 3,
  width: 32,
  mult: [1, 2],
  resBlocks: 1,
  attention: [1],
  contextDim: null,
  scaleShift: false,
  updown: false,
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plain-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test.each<[what: string, changes: Partial<LdmUnet>, heads: (channels: number) => number]>([
  ['heads 32 wide', {}, (channels) => channels / 32],
  [
    '8 heads, norms that scale and shift, sizes that change in ResNet blocks',
    { scaleShift: true, updown: true },
    () => 8,
  ],
])('a U-Net told nothing but the time gives what the original’s definition gives: %s', async (_, changes, heads) => {
  const unet = { ...UNET, ...changes }
  const path = join(await temporaryFolder(), 'model.safetensors')
  await writeLdmModel(path, { unet, autoencoder: AUTOENCODER })
  const model = await openModel(path)
  if (!('labels' in model) || model.labels !== null) throw new Error('expected a model that is told nothing')
  const network = await loadNetwork(buildPlainUnet(model.unet), { threads: 1 })
  onTestFinished(() => network.release())
  const sample = tensor(
    [2, 3, 4, 8],
    Float32Array.from({ length: 192 }, (_, i) => Math.sin(i * i)),
  )
  const { prediction } = await network.run({ sample, timestep: tensor([2], Float32Array.of(7, 801)) })

  const weights = new Map(
    [...unetShapes(unet)].map(([name, shape]) => {
      const { bytes } = randomTensor(1, `model.diffusion_model.${name}`, shape)
      return [name, Float64Array.from(new Float32Array(bytes.buffer))]
    }),
  )
  for (const [row, time] of [7, 801].entries()) {
    const x = {
      channels: 3,
      height: 4,
      width: 8,
      data: Float64Array.from(sample.data.subarray(row * 96, row * 96 + 96)),
    }
    const expected = new PlainUnetReference(weights, unet, heads).run(x, time)
    const found = prediction?.data.subarray(row * 96, row * 96 + 96) ?? []
    // Values of deviation 1; float32 against float64.
    expect(Math.max(...expected.map((value, i) => Math.abs(value - (found[i] ?? NaN))))).toBeLessThan(2e-5)
  }
})
