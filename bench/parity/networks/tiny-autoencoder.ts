import type { TinyAutoencoderConfig } from '../../../main/checkpoint/tiny-autoencoder.ts'
import type { Component } from '../../../main/checkpoint/weights.ts'
import { buildTinyDecoder, buildTinyEncoder } from '../../../main/network/tiny-autoencoder.ts'
import { tensor } from '../../../main/tensor/tensor.ts'
import type { Tensor } from '../../../main/tensor/tensor.ts'
import type { ParityCase } from '../case.ts'
import { caseIndices, compared, computed, once, PASS_TOLERANCE, read } from './reference.ts'
import type { Reference } from './reference.ts'

interface TinyAutoencoder {
  readonly encoder: Component<TinyAutoencoderConfig>
  readonly decoder: Component<TinyAutoencoderConfig>
}

/** Encodings, decodings, and pictures through both; the reference's are in [0, 1], the studio's in [-1, 1]. */
export function tinyAutoencoderCases({ encoder, decoder }: TinyAutoencoder, reference: Reference): ParityCase[] {
  const pictures = caseIndices(reference, /^enc(\d+)\.image_0_1$/)
  const latents = caseIndices(reference, /^dec(\d+)\.latent$/)
  const encoded = once(() =>
    computed(buildTinyEncoder(encoder), pictures, async (i) => ({
      image: mapped(await read(reference, `enc${i}.image_0_1`), (value) => 2 * value - 1),
    })),
  )
  const decoded = once(() =>
    computed(buildTinyDecoder(decoder), latents, async (i) => ({ latent: await read(reference, `dec${i}.latent`) })),
  )
  const around = once(async () => {
    const means = await encoded()
    return computed(buildTinyDecoder(decoder), pictures, (i) => {
      const latent = means[i]?.['mean']
      return latent ? Promise.resolve({ latent }) : Promise.reject(new Error('expected a latent, found none'))
    })
  })
  const check = (name: string, find: () => Promise<Tensor | undefined>) =>
    compared(`tiny autoencoder ${name}`, PASS_TOLERANCE, find, () => read(reference, name))
  return [
    ...pictures.map((i) => check(`enc${i}.latent`, async () => (await encoded())[i]?.['mean'])),
    ...latents.map((i) => check(`dec${i}.image`, async () => inUnitRange((await decoded())[i]?.['image']))),
    ...pictures.flatMap((i) => [
      check(`rt${i}.scaled_latent_0_1`, async () => clamped((await encoded())[i]?.['mean'], 1 / 6)),
      check(`rt${i}.image`, async () => clamped((await around())[i]?.['image'], 1 / 2)),
    ]),
  ]
}

function inUnitRange(image: Tensor | undefined): Tensor | undefined {
  return image && mapped(image, (value) => value / 2 + 0.5)
}

/** scale·x + 1/2, clamped to [0, 1] */
function clamped(x: Tensor | undefined, scale: number): Tensor | undefined {
  return x && mapped(x, (value) => Math.min(Math.max(value * scale + 0.5, 0), 1))
}

function mapped({ shape, data }: Tensor, change: (value: number) => number): Tensor {
  return tensor(shape, data.map(change))
}
