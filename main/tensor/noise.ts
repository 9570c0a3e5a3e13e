import { naturalLogarithm, sine } from './elementary.ts'
import { philox } from './philox.ts'
import { tensor } from './tensor.ts'
import type { Tensor } from './tensor.ts'

const TWO_POW_32 = 4294967296
/** 2 pi / 2^32 as the float32 that the generator of NVIDIA cards has. */
const RADIANS_PER_WORD = Math.fround(1.4629181e-9)

/**
 * Standard normal noise: element i depends on (seed, draw, stream, i) alone, so draws can be had in any order, and the bytes are
 * the same on every machine: nothing but + - * / and a correctly rounded square root is used on the way.
 *
 * The counter (draw, 0, i, stream) under the key `seed` and the Box-Muller half that is kept are those of PyTorch on NVIDIA
 * cards as AUTOMATIC1111 reproduces it ("NV"), so a seed names the picture it names there.
 * @param seed   0 to 2^53 - 1
 * @param draw   0 is the initial latent of a run
 * @param stream draws of another stream are others; 0 is the one that cards have
 */
export function gaussianNoise(seed: number, draw: number, shape: readonly number[], stream = 0): Tensor {
  const noise = tensor(shape)
  const key = [seed % TWO_POW_32, Math.floor(seed / TWO_POW_32)] as const
  for (let i = 0; i < noise.data.length; i++) {
    const [radiusWord, angleWord] = philox([draw, 0, i, stream], key)
    noise.data[i] = boxMuller(radiusWord, angleWord)
  }
  return noise
}

/** Box & Muller 1958, the sine half; both words are taken at the middle of their cell, so neither 0 nor 1 occurs. */
function boxMuller(radiusWord: number, angleWord: number): number {
  const radius = Math.sqrt(-2 * naturalLogarithm((radiusWord + 0.5) / TWO_POW_32))
  return radius * sine(angleWord * RADIANS_PER_WORD + RADIANS_PER_WORD / 2)
}
