const SIZE = 624
const SHIFT = 397
const MATRIX = 0x9908b0df

/**
 * MT19937: 32-bit words one after the other, each 0 to 2^32 - 1. Matsumoto & Nishimura 1998, with the seeding of 2002; of a
 * larger seed the low 32 bits count.
 */
export function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(SIZE)
  state[0] = seed % 2 ** 32
  for (let i = 1; i < SIZE; i++) {
    const before = state[i - 1] ?? 0
    state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i
  }
  let at = SIZE
  return () => {
    if (at === SIZE) {
      twist(state)
      at = 0
    }
    let y = state[at++] ?? 0
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < SIZE; i++) {
    const y = ((state[i] ?? 0) & 0x80000000) | ((state[(i + 1) % SIZE] ?? 0) & 0x7fffffff)
    state[i] = (state[(i + SHIFT) % SIZE] ?? 0) ^ (y >>> 1) ^ (y & 1 ? MATRIX : 0)
  }
}
