import type { Conditioning, DiffusionNetwork } from '../diffusion/guidance.ts'
import type { PredictionType } from '../contract/generation.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { guidanceEmbedding } from './guidance-embedding.ts'
import type { Networks } from './networks.ts'

/** Correlation above which what the network gives is its input's noise. */
const LEAST_FOR_EPSILON = 0.5

/** What a network is asked with. */
export interface Probe {
  readonly conditioning: Conditioning
  /** Of the latent, [1, c, h, w], the size it was trained at. */
  readonly shape: readonly number[]
  readonly lastTimestep: number
}

/** The inputs of a network that says nothing of what it predicts: an empty prompt, no guidance and an empty picture. */
export function probeInput(
  { latent, input, guidanceSize }: Networks,
  nothing: Conditioning,
  { heightPx, widthPx }: { readonly heightPx: number; readonly widthPx: number },
): Omit<Probe, 'lastTimestep'> {
  const sides = [heightPx, widthPx].map((px) => px / latent.factor)
  const picture = tensor([1, latent.channels + (input === 'inpaint' ? 1 : 0), ...sides])
  return {
    shape: [1, latent.channels, ...sides],
    conditioning: {
      ...nothing,
      ...(input === 'none' ? {} : { picture }),
      ...(guidanceSize === null ? {} : { guidance: guidanceEmbedding(1, guidanceSize) }),
    },
  }
}

/**
 * Whether a network predicts epsilon or v, from what it makes of pure noise at the last timestep: the noise itself, or
 * (almost) the negative of the picture it expects, which has little to do with that noise.
 */
export async function probePredictionType(
  network: DiffusionNetwork,
  { conditioning, shape, lastTimestep }: Probe,
): Promise<PredictionType> {
  const noise = gaussianNoise(0, 0, shape)
  const answer = await network(noise, [lastTimestep], conditioning, { step: 0, steps: 1 })
  return correlation(noise, answer) >= LEAST_FOR_EPSILON ? 'epsilon' : 'v'
}

function correlation({ data: a }: Tensor, { data: b }: Tensor): number {
  let [product, squareA, squareB] = [0, 0, 0]
  for (const [i, value] of a.entries()) {
    const other = b[i] ?? 0
    product += value * other
    squareA += value * value
    squareB += other * other
  }
  return product / Math.sqrt(squareA * squareB)
}
