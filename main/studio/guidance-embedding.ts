import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'

const LONGEST_PERIOD = 10_000
/** Scales are of the size of 1, timesteps, for which such sinusoids are made, of 1000. */
const TIMESTEPS_FOR_ONE = 1000

/**
 * The guidance scale as latent consistency models are told it: sinusoids of scale - 1, sines first, [1, size]. Luo et al. 2023
 * (arXiv 2310.04378), section 4.2, as diffusers has it.
 */
export function guidanceEmbedding(scale: number, size: number): Tensor {
  const half = Math.floor(size / 2)
  // In float32 as there: the angles are large, and so is what rounding them does.
  const decay = Math.fround(-Math.log(LONGEST_PERIOD) / Math.max(half - 1, 1))
  const told = Math.fround(Math.fround(scale - 1) * TIMESTEPS_FOR_ONE)
  const angles = Array.from({ length: half }, (_, i) =>
    Math.fround(told * Math.fround(Math.exp(Math.fround(i * decay)))),
  )
  const embedding = tensor([1, size])
  embedding.data.set([...angles.map(Math.sin), ...angles.map(Math.cos)])
  return embedding
}
