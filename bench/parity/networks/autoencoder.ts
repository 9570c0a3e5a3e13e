import type { AutoencoderConfig } from '../../../main/checkpoint/config.ts'
import type { Component } from '../../../main/checkpoint/weights.ts'
import { buildAutoencoderDecoder, buildAutoencoderEncoder } from '../../../main/network/autoencoder.ts'
import { tensor } from '../../../main/tensor/tensor.ts'
import type { Tensor } from '../../../main/tensor/tensor.ts'
import type { ParityCase } from '../case.ts'
import { caseIndices, compared, computed, once, PASS_TOLERANCE, read } from './reference.ts'
import type { Outputs, Reference } from './reference.ts'

const LOGVAR_RANGE = [-30, 20] as const

/** Encodings to mean and log-variance, decodings of latents with and without the scaling factor. */
export function autoencoderCases(component: Component<AutoencoderConfig>, reference: Reference): ParityCase[] {
  const images = caseIndices(reference, /^enc(\d+)\.image$/)
  const encoded = once(() =>
    computed(buildAutoencoderEncoder(component), images, async (i) => ({
      image: await read(reference, `enc${i}.image`),
    })),
  )
  const latents = [...reference.keys()].filter((name) => /^dec\d+\.latent/.test(name))
  const decoded = once(() =>
    computed(buildAutoencoderDecoder(component), latents, async (name) => ({
      latent: await readLatent(reference, name, component.config.scalingFactor),
    })),
  )
  const encodings = images.flatMap((i) =>
    Object.entries(MOMENTS).flatMap(([name, derive]) => {
      const expected = `enc${i}.${name}`
      if (!reference.has(expected)) return []
      const find = async () => derived((await encoded())[i], derive)
      return [
        compared(`vae ${expected}`, PASS_TOLERANCE, find, async () =>
          clampedMoments(name, await read(reference, expected)),
        ),
      ]
    }),
  )
  const decodings = latents.map((name) => {
    const expected = name.replace('latent_scaled', 'image_from_scaled').replace(/latent(?:_unscaled)?$/, 'image')
    return compared(
      `vae ${expected}`,
      PASS_TOLERANCE,
      async () => (await decoded())[name]?.image,
      () => read(reference, expected),
    )
  })
  return [...encodings, ...decodings]
}

type Derive = (mean: Tensor, logvar: Tensor) => Tensor

/** The reference's tensors of an encoding, from the graph's two outputs. */
const MOMENTS: Record<string, Derive> = {
  moments: joinedChannels,
  mean: (mean) => mean,
  logvar: (_mean, logvar) => logvar,
  std: (_mean, logvar) =>
    tensor(
      logvar.shape,
      logvar.data.map((value) => Math.exp(value / 2)),
    ),
}

function derived(outputs: Outputs | undefined, derive: Derive): Tensor | undefined {
  const { mean, logvar } = outputs ?? {}
  return mean && logvar && derive(mean, logvar)
}

/** [n, c, h, w] and [n, c, h, w] → [n, 2c, h, w] */
function joinedChannels(first: Tensor, second: Tensor): Tensor {
  const [batch = 1, channels = 1, ...size] = first.shape
  const item = first.data.length / batch
  const data = new Float32Array(2 * first.data.length)
  for (let n = 0; n < batch; n++) {
    data.set(first.data.subarray(n * item, (n + 1) * item), 2 * n * item)
    data.set(second.data.subarray(n * item, (n + 1) * item), (2 * n + 1) * item)
  }
  return tensor([batch, 2 * channels, ...size], data)
}

/** The reference keeps the second half of the moments as the network gave it; the graph's log-variance is clamped. */
function clampedMoments(name: string, expected: Tensor): Tensor {
  if (name !== 'moments') return expected
  const [batch = 1] = expected.shape
  const half = expected.data.length / batch / 2
  const [lowest, highest] = LOGVAR_RANGE
  const clamp = (value: number, i: number) =>
    Math.floor(i / half) % 2 === 0 ? value : Math.min(Math.max(value, lowest), highest)
  return tensor(expected.shape, expected.data.map(clamp))
}

/** A latent as the decoder takes it: `latent_scaled` is the U-Net's, the others are divided already. */
async function readLatent(reference: Reference, name: string, scalingFactor: number): Promise<Tensor> {
  const latent = await read(reference, name)
  return name.endsWith('_scaled')
    ? tensor(
        latent.shape,
        latent.data.map((value) => value / scalingFactor),
      )
    : latent
}
