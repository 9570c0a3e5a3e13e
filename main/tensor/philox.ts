const ROUNDS = 10
const MULTIPLIER_0 = 0xd2511f53
const MULTIPLIER_1 = 0xcd9e8d57
/** Weyl increments of the key: the golden ratio and the square root of 3. */
const INCREMENT_0 = 0x9e3779b9
const INCREMENT_1 = 0xbb67ae85

/** Four 32-bit words, each 0 to 2^32 - 1. */
export type Words4 = readonly [number, number, number, number]
export type Words2 = readonly [number, number]

/**
 * Philox4x32-10: the block of random words that belongs to `counter` under `key`; no state, so any block can be had alone.
 * Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */
export function philox(counter: Words4, key: Words2): Words4 {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = highProduct(MULTIPLIER_0, c0)
    const high1 = highProduct(MULTIPLIER_1, c2)
    const low0 = Math.imul(MULTIPLIER_0, c0)
    const low1 = Math.imul(MULTIPLIER_1, c2)
    // signed words between the rounds: they stay small integers
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + INCREMENT_0) | 0
    k1 = (k1 + INCREMENT_1) | 0
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0]
}

/** The upper 32 bits of a product of two 32-bit words, in 16-bit halves: no partial sum passes 2^53. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  return aHigh * bHigh + (middle >>> 16) + ((aLow * bHigh + (middle & 0xffff)) >>> 16)
}
