import { philox } from './philox.ts'
import { tensor } from './tensor.ts'
import type { Tensor } from './tensor.ts'

const TWO_POW_32 = 4294967296
/** 2 pi / 2^32 as the float32 that the generator of NVIDIA cards has. */
const RADIANS_PER_WORD = Math.fround(1.4629181e-9)
const LN_2 = 0.6931471805599453
const HALF_PI = 1.5707963267948966
const SQRT_HALF = 0.7071067811865476

/**
 * Standard normal noise: element i depends on (seed, draw, stream, i) alone, so draws can be had in any order, and the bytes are
 * the same on every machine: nothing but + - * / and a correctly rounded square root is used on the way.
 *
 * The counter (draw, 0, i, stream) under the key `seed` and the Box-Muller half that is kept are those of PyTorch on NVIDIA
 * cards as AUTOMATIC1111 reproduces it ("NV"), so a seed names the picture it names there.
 * @param seed 0 to 2^53 - 1
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

/** ln u for 0 < u < 1: u = f * 2^e with f in [sqrt 1/2, sqrt 2), then ln f = 2 artanh((f - 1) / (f + 1)). */
function naturalLogarithm(u: number): number {
  let f = u
  let e = 0
  while (f < SQRT_HALF) {
    f *= 2
    e--
  }
  const s = (f - 1) / (f + 1)
  const s2 = s * s
  let sum = 0
  for (let k = 21; k >= 1; k -= 2) sum = sum * s2 + 1 / k
  return e * LN_2 + 2 * s * sum
}

/** sin v for 0 <= v <= 2 pi, by its series around the nearest multiple of pi / 2. */
function sine(v: number): number {
  const quarter = Math.floor(v / HALF_PI + 0.5)
  const r = v - quarter * HALF_PI
  const value = quarter % 2 === 0 ? sineSeries(r) : cosineSeries(r)
  return quarter === 2 || quarter === 3 ? -value : value
}

function sineSeries(r: number): number {
  let sum = 1
  for (let k = 16; k >= 2; k -= 2) sum = 1 - (sum * r * r) / (k * (k + 1))
  return r * sum
}

function cosineSeries(r: number): number {
  let sum = 1
  for (let k = 17; k >= 1; k -= 2) sum = 1 - (sum * r * r) / (k * (k + 1))
  return sum
}
