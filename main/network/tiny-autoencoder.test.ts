import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeTensors } from '../checkpoint/test-models.ts'
import type { StoredTensor } from '../checkpoint/test-models.ts'
import { openTinyAutoencoder } from '../checkpoint/tiny-autoencoder.ts'
import { loadNetwork } from '../runtime/network.ts'
import { tensor } from '../tensor/tensor.ts'
import { buildTinyDecoder, buildTinyEncoder } from './tiny-autoencoder.ts'

/** A layer of a test's file: a convolution that passes its first channels on, or a block that changes nothing. */
type Layer = 'block' | { readonly inChannels: number; readonly outChannels: number; readonly hasBias: boolean }

const WIDTH = 2
const inner: Layer = { inChannels: WIDTH, outChannels: WIDTH, hasBias: false }

/** Layers by their number in the file. */
async function fileOf(layers: Readonly<Record<number, Layer>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tiny-autoencoder-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const tensors = new Map<string, StoredTensor>()
  const add = (name: string, shape: number[], values: (i: number) => number) => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => values(i))
    tensors.set(name, { dtype: 'F32', shape, bytes: new Uint8Array(data.buffer) })
  }
  for (const [number, layer] of Object.entries(layers)) {
    if (layer === 'block') {
      for (const i of [0, 2, 4]) {
        add(`${number}.conv.${i}.weight`, [WIDTH, WIDTH, 3, 3], () => 0)
        add(`${number}.conv.${i}.bias`, [WIDTH], () => 0)
      }
    } else {
      const { inChannels, outChannels, hasBias } = layer
      // The middle of the kernel, of a channel to itself.
      const isKept = (i: number) => i % 9 === 4 && Math.floor(i / 9) % inChannels === Math.floor(i / 9 / inChannels)
      add(`${number}.weight`, [outChannels, inChannels, 3, 3], (i) => (isKept(i) ? 1 : 0))
      if (hasBias) add(`${number}.bias`, [outChannels], () => 0.25)
    }
  }
  const path = join(folder, 'half.safetensors')
  await writeTensors(path, tensors)
  return path
}

const DECODER: Readonly<Record<number, Layer>> = {
  1: { inChannels: 2, outChannels: WIDTH, hasBias: true },
  3: 'block',
  4: 'block',
  6: inner,
  7: 'block',
  8: { inChannels: WIDTH, outChannels: 1, hasBias: true },
}
const ENCODER: Readonly<Record<number, Layer>> = {
  0: { inChannels: 1, outChannels: WIDTH, hasBias: true },
  1: 'block',
  2: inner,
  3: 'block',
  4: { inChannels: WIDTH, outChannels: 2, hasBias: true },
}

test('a decoder limits the latent softly, doubles it at each resolution, and gives an image from -1 to 1', async () => {
  const half = await openTinyAutoencoder(await fileOf(DECODER), 'decoder')
  expect(half.config).toEqual({ imageChannels: 1, latentChannels: 2, channels: WIDTH, blocks: [2, 1] })
  const network = await loadNetwork(buildTinyDecoder(half))
  onTestFinished(() => network.release())
  const { image } = await network.run({ latent: tensor([1, 2, 1, 2], Float32Array.of(9, -9, 0, 0)) })
  expect(image?.shape).toEqual([1, 1, 2, 4])
  const [high, low] = [2 * (3 * Math.tanh(3) + 0.25 + 0.25) - 1, 2 * 0.25 - 1]
  for (const [i, value] of [high, high, low, low, high, high, low, low].entries()) {
    expect(image?.data[i]).toBeCloseTo(value, 5)
  }
})

test('an encoder takes an image from -1 to 1 and halves it at each resolution', async () => {
  const half = await openTinyAutoencoder(await fileOf(ENCODER), 'encoder')
  expect(half.config).toEqual({ imageChannels: 1, latentChannels: 2, channels: WIDTH, blocks: [1, 1] })
  const network = await loadNetwork(buildTinyEncoder(half))
  onTestFinished(() => network.release())
  const { mean } = await network.run({ image: tensor([1, 1, 2, 2], Float32Array.of(0.5, 7, 7, 7)) })
  expect(mean?.shape).toEqual([1, 2, 1, 1])
  expect([...(mean?.data ?? [])]).toEqual([0.75 + 0.25 + 0.25, 0.25 + 0.25])
})

test('in place of another autoencoder they take and give latents before its scaling factor, and no deviation', async () => {
  const standIn = { scalingFactor: 0.5 }
  const decoder = await openTinyAutoencoder(await fileOf(DECODER), 'decoder')
  const latent = [1, 0.5, -2, 0]
  const decoded = async (values: readonly number[], ...given: [] | [typeof standIn]) => {
    const network = await loadNetwork(buildTinyDecoder(decoder, ...given))
    onTestFinished(() => network.release())
    return (await network.run({ latent: tensor([1, 2, 1, 2], Float32Array.from(values)) }))['image']?.data
  }
  const doubledLatent = latent.map((value) => value / standIn.scalingFactor)
  const expected = await decoded(latent)
  for (const [i, value] of ((await decoded(doubledLatent, standIn)) ?? []).entries()) {
    expect(value).toBeCloseTo(expected?.[i] ?? NaN, 6)
  }
  const encoder = await loadNetwork(
    buildTinyEncoder(await openTinyAutoencoder(await fileOf(ENCODER), 'encoder'), standIn),
  )
  onTestFinished(() => encoder.release())
  const { mean, logvar } = await encoder.run({ image: tensor([1, 1, 2, 2], Float32Array.of(0.5, 7, 7, 7)) })
  expect([...(mean?.data ?? [])]).toEqual([1.25 / 0.5, 0.5 / 0.5])
  expect([...(logvar?.data ?? [])].map((value) => Math.fround(Math.exp(value / 2)))).toEqual([0, 0])
})

test('a file that lacks a layer, or is something else, is refused by name', async () => {
  const { 6: _, ...without } = DECODER
  await expect(openTinyAutoencoder(await fileOf(without), 'decoder')).rejects.toThrow(
    /expected tensor 6\.weight \(the network's decoder\.layers\.5\.weight\), found none/,
  )
  await expect(openTinyAutoencoder(await fileOf(ENCODER), 'decoder')).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
  })
})
