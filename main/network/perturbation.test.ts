import { expect, onTestFinished, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import { SOUND_MODELS } from '../checkpoint/test-models.ts'
import { loadNetwork } from '../runtime/network.ts'
import { concatBatch, sliceBatch } from '../tensor/batch.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { buildUnet } from './unet.ts'

async function tinyUnet() {
  const { unet } = await openCheckpoint(SOUND_MODELS.singleFile)
  const open = async (withPerturbation: boolean) => {
    const network = await loadNetwork(buildUnet(unet, { withPerturbation }))
    onTestFinished(() => network.release())
    return network
  }
  const [plain, perturbable] = [await open(false), await open(true)]
  const feeds = (sample: Tensor) => ({
    sample,
    timestep: tensor([sample.shape[0] ?? 1], new Float32Array(sample.shape[0] ?? 1).fill(500)),
    context: concatBatch(
      ...repeated(gaussianNoise(2, 0, [1, 77, unet.config.crossAttentionDim]), sample.shape[0] ?? 1),
    ),
  })
  const halvings = unet.config.blockChannels.length - 1
  return {
    /** Latent cells a side that the middle has one of. */
    smallest: 2 ** halvings,
    plain: async (sample: Tensor) => prediction(await plain.run(feeds(sample))),
    perturbed: async (sample: Tensor, ...rows: number[]) =>
      prediction(
        await perturbable.run({ ...feeds(sample), perturbed: tensor([rows.length], Float32Array.from(rows)) }),
      ),
  }
}

function repeated(x: Tensor, count: number): [Tensor, ...Tensor[]] {
  return [x, ...Array.from({ length: count - 1 }, () => x)]
}

function prediction({ prediction: found }: Record<string, Tensor>): Tensor {
  if (!found) throw new Error('expected a prediction, found none')
  return found
}

function difference(a: Tensor, b: Tensor): number {
  return Math.max(...a.data.map((value, i) => Math.abs(value - (b.data[i] ?? NaN))))
}

test('a network that can be perturbed and is not is the network', async () => {
  const { plain, perturbed, smallest } = await tinyUnet()
  const sample = gaussianNoise(1, 0, [1, 4, smallest * 2, smallest * 2])
  expect(difference(await perturbed(sample, 0), await plain(sample))).toBeLessThan(1e-5)
})

test('cells that attend to themselves alone make a difference where there are several, and none to one', async () => {
  const { plain, perturbed, smallest } = await tinyUnet()
  const [single, several] = [1, 2].map((cells) => gaussianNoise(1, 0, [1, 4, smallest * cells, smallest * cells]))
  if (!single || !several) throw new Error('expected two latents')
  expect(difference(await perturbed(single, 1), await plain(single))).toBeLessThan(1e-5)
  expect(difference(await perturbed(several, 1), await plain(several))).toBeGreaterThan(1e-3)
})

test('each row of a batch is perturbed or not by itself', async () => {
  const { perturbed, smallest } = await tinyUnet()
  const sample = gaussianNoise(1, 0, [1, 4, smallest * 2, smallest * 2])
  const both = await perturbed(concatBatch(sample, sample), 0, 1)
  for (const row of [0, 1]) {
    expect(difference(sliceBatch(both, row, row + 1), await perturbed(sample, row))).toBeLessThan(1e-5)
  }
})
