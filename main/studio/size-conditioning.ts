import type { VectorConfig } from '../checkpoint/config.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** What SD XL is told of a picture's making: original height and width, the crop's top and left, target height and width. */
export type PictureSizes = readonly [
  originalHeight: number,
  originalWidth: number,
  cropTop: number,
  cropLeft: number,
  targetHeight: number,
  targetWidth: number,
]

/** An uncropped picture made at its own size. */
export function wholePicture(heightPx: number, widthPx: number): PictureSizes {
  return [heightPx, widthPx, 0, 0, heightPx, widthPx]
}

/** What a refiner is told pictures that it shall make, and such that it shall not, were rated; as Stability's and diffusers' defaults. */
const AESTHETIC_SCORES = { prompt: 6, negative: 2.5 }

/** Which of the two a conditioning is made of. */
export type PromptRole = keyof typeof AESTHETIC_SCORES

/** The first four sizes and the score, of models that are told it in place of the target's size. */
export function scoredPicture(sizes: PictureSizes, role: PromptRole): number[] {
  return [...sizes.slice(0, 4), AESTHETIC_SCORES[role]]
}

/** Whether there is room for no more than a score after the first four sizes. */
export function isScored({ size, numberWidth }: VectorConfig, pooledSize: number): boolean {
  return size === pooledSize + 5 * numberWidth
}

/**
 * The vector beside the time embedding: the pooled prompt, then each size as sinusoids, cosines first.
 * Podell et al. 2023 (arXiv 2307.01952), section 2.2.
 * @param pooled [1, p]
 * @returns [1, p + 6·numberWidth]
 */
export function sizeVector(pooled: Tensor, sizes: readonly number[], { numberWidth }: VectorConfig): Tensor {
  const waves = sizes.flatMap((size) => sinusoids(size, numberWidth))
  return tensor([1, pooled.data.length + waves.length], Float32Array.of(...pooled.data, ...waves))
}

const LOG_LONGEST_PERIOD = Math.fround(-Math.log(10_000))

/** As the original, in float32: sizes are large, and so is what rounding their angles does. */
function sinusoids(value: number, width: number): number[] {
  const half = width / 2
  const angles = Array.from({ length: half }, (_, i) => {
    const exponent = Math.fround(Math.fround(LOG_LONGEST_PERIOD * i) / half)
    return Math.fround(value * Math.fround(Math.exp(exponent)))
  })
  return [...angles.map(Math.cos), ...angles.map(Math.sin)]
}
