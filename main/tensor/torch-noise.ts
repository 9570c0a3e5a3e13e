import { cosine, naturalLogarithm, sine } from './elementary.ts'
import { mersenneTwister } from './mersenne-twister.ts'
import { tensor } from './tensor.ts'
import type { Tensor } from './tensor.ts'

/** Arrays from this size on are filled by blocks of it, in PyTorch's vectorised way. */
const BLOCK = 16
const TWO_PI = Math.fround(6.283185307179586)

/**
 * Standard normal noise as PyTorch's CPU generator draws it after `manual_seed(seed)`: each call is the next
 * `torch.randn(shape)`, so what it gives depends on the shapes before. Within 2e-6 of PyTorch, whose own last digit depends
 * on the processor.
 * @param seed 0 to 2^53 - 1, of which PyTorch takes the low 32 bits
 */
export function torchNoise(seed: number): (shape: readonly number[]) => Tensor {
  const word = mersenneTwister(seed)
  const single = singleNormals(word)
  return (shape) => {
    const noise = tensor(shape)
    const { data } = noise
    if (data.length < BLOCK) return tensor(shape, data.map(single))
    fillUniform(data, word)
    for (let at = 0; at + BLOCK <= data.length; at += BLOCK) toNormal(data.subarray(at, at + BLOCK))
    if (data.length % BLOCK > 0) {
      // the last values are drawn anew, over those of a block that reaches back
      const last = data.subarray(data.length - BLOCK)
      fillUniform(last, word)
      toNormal(last)
    }
    return noise
  }
}

/** 24 bits of each word. */
function fillUniform(data: Float32Array, word: () => number): void {
  for (let i = 0; i < data.length; i++) data[i] = (word() % 2 ** 24) / 2 ** 24
}

/** Box & Muller 1958 in place: the first half's uniforms give the radii, the second's the angles. */
function toNormal(block: Float32Array): void {
  const half = BLOCK / 2
  for (let i = 0; i < half; i++) {
    const radius = Math.sqrt(-2 * naturalLogarithm(1 - (block[i] ?? NaN)))
    const angle = Math.fround(TWO_PI * (block[i + half] ?? NaN))
    block[i] = radius * cosine(angle)
    block[i + half] = radius * sine(angle)
  }
}

/** One value at a time, in pairs of which the second waits for the next call, also across arrays. */
function singleNormals(word: () => number): () => number {
  const uniform = () => {
    const high = word()
    return ((high % 2 ** 21) * 2 ** 32 + word()) / 2 ** 53
  }
  let waiting: number | null = null
  return () => {
    if (waiting !== null) {
      const value = waiting
      waiting = null
      return value
    }
    const angle = 2 * Math.PI * uniform()
    const radius = Math.sqrt(-2 * naturalLogarithm(1 - uniform()))
    waiting = radius * sine(angle)
    return radius * cosine(angle)
  }
}
