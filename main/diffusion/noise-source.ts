import type { NoiseSourceId } from '../contract/generation.ts'
import { concatBatch } from '../tensor/batch.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { torchNoise } from '../tensor/torch-noise.ts'
import { brownianNoise } from './brownian-noise.ts'
import type { NoiseSource } from './sampler.ts'

/** How the first noise differs from the seed's own. */
export interface NoiseVariation {
  /** Whose generator is asked; the studio's own unless told. */
  readonly source?: NoiseSourceId
  /** Turned that far, 0-1, towards the noise of another seed. */
  readonly towards?: { readonly seed: number; readonly strength: number }
  /** [h, w] in latent cells of a picture of another size, whose noise is laid in the middle. */
  readonly from?: readonly [height: number, width: number]
}

/**
 * Each picture's own noise: row i is what a run of that seed alone would get. Draw 0 is the initial latent's. Between two
 * levels it is the increment of that seed's Brownian path, whatever the draw. `shape` is one picture's, [c, h, w].
 */
export function seededNoise(
  seeds: readonly [number, ...number[]],
  shape: readonly number[],
  variation: NoiseVariation = {},
): NoiseSource {
  const rows = seeds.map((seed) => oneNoise(seed, shape, variation))
  return (draw, between) => {
    const [first, ...more] = rows.map((row) => row(draw, between))
    if (!first) throw new RangeError('expected a seed, found none')
    return concatBatch(first, ...more)
  }
}

/** Tensors [1, c, h, w] of one seed. */
function oneNoise(seed: number, shape: readonly number[], variation: NoiseVariation): NoiseSource {
  const size = [1, ...shape]
  const draws = generators[variation.source ?? 'philox']
  const own = draws(seed, size)
  let path: ReturnType<typeof brownianNoise> | null = null
  let first: Tensor | null = null
  return (draw, between) => {
    if (between) return (path ??= brownianNoise(seed, size))(...between)
    if (draw > 0) return own(draw)
    // A run asks twice: for its record and for its start.
    return (first ??= firstNoise(seed, size, own(0), variation))
  }
}

type Draws = (seed: number, size: readonly number[]) => (draw: number) => Tensor

const generators = {
  /** The studio's own, which is what CUDA's cuRAND gives PyTorch: any draw can be had alone. */
  philox: (seed, size) => (draw) => gaussianNoise(seed, draw, size),
  /** PyTorch's on a CPU: draws come in order, so that one that is asked for again is counted from the seed. */
  'torch-cpu': (seed, size) => {
    let next = torchNoise(seed)
    let drawn = 0
    return (draw) => {
      if (draw < drawn) {
        next = torchNoise(seed)
        drawn = 0
      }
      for (; drawn < draw; drawn++) next(size)
      drawn++
      return next(size)
    }
  },
} satisfies Record<NoiseSourceId, Draws>

/** After AUTOMATIC1111's stable-diffusion-webui: its variation seed, and its resizing of a seed. */
function firstNoise(
  seed: number,
  size: readonly number[],
  own: Tensor,
  { source = 'philox', towards, from }: NoiseVariation,
): Tensor {
  if (!towards && !from) return own
  const [, channels = 0, height = 0, width = 0] = size
  const inner = [1, channels, ...(from ?? [height, width])]
  const noise = from ? generators[source](seed, inner)(0) : own
  const turned = towards ? slerp(noise, generators[source](towards.seed, inner)(0), towards.strength) : noise
  return from ? centredOn(own, turned) : turned
}

const NEARLY_PARALLEL = 0.9995

/**
 * From `a` to `b` on the arc between their directions, each column [h] of each channel for itself, as that program does it.
 * Noise on a chord would be weaker in the middle. Shoemake 1985, "Animating rotation with quaternion curves".
 */
function slerp(a: Tensor, b: Tensor, share: number): Tensor {
  const [, channels = 0, height = 0, width = 0] = a.shape
  const columns = channels * width
  const at = (column: number, y: number) => (Math.floor(column / width) * height + y) * width + (column % width)
  const cosines = Array.from({ length: columns }, (_, column) => {
    let [product, squareA, squareB] = [0, 0, 0]
    for (let y = 0; y < height; y++) {
      const [p, q] = [a.data[at(column, y)] ?? 0, b.data[at(column, y)] ?? 0]
      product += p * q
      squareA += p * p
      squareB += q * q
    }
    return product / Math.sqrt(squareA * squareB)
  })
  const isChord = cosines.reduce((sum, cosine) => sum + cosine, 0) / columns > NEARLY_PARALLEL
  const turned = tensor(a.shape)
  for (const [column, cosine] of cosines.entries()) {
    const angle = Math.acos(cosine)
    const [shareA, shareB] = isChord
      ? [1 - share, share]
      : [Math.sin((1 - share) * angle) / Math.sin(angle), Math.sin(share * angle) / Math.sin(angle)]
    for (let y = 0; y < height; y++) {
      const i = at(column, y)
      turned.data[i] = shareA * (a.data[i] ?? 0) + shareB * (b.data[i] ?? 0)
    }
  }
  return turned
}

/** `around` with the middle of `inner` laid over its middle. */
function centredOn(around: Tensor, inner: Tensor): Tensor {
  const [, channels = 0, height = 0, width = 0] = around.shape
  const [, , innerHeight = 0, innerWidth = 0] = inner.shape
  const [rows, columns] = [overlap(height, innerHeight), overlap(width, innerWidth)]
  const laid = tensor(around.shape, around.data.slice())
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < rows.length; y++) {
      const from = (c * innerHeight + rows.inner + y) * innerWidth + columns.inner
      const to = (c * height + rows.outer + y) * width + columns.outer
      laid.data.set(inner.data.subarray(from, from + columns.length), to)
    }
  }
  return laid
}

/** Where two lengths overlap when one is laid on the other's middle, and how long that is. */
function overlap(outer: number, inner: number): { outer: number; inner: number; length: number } {
  const edge = Math.floor((outer - inner) / 2)
  return edge >= 0 ? { outer: edge, inner: 0, length: inner } : { outer: 0, inner: -edge, length: inner + 2 * edge }
}
