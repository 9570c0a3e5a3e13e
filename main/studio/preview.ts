import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'

/**
 * What each latent channel adds to red, green and blue (-1 to 1), measured on the Stable Diffusion 1 autoencoder by its
 * users (keturn, "Decoding latents to RGB without upscaling", discuss.huggingface.co/t/23204).
 */
const STABLE_DIFFUSION_FACTORS = [
  [0.298, 0.207, 0.208],
  [0.187, 0.286, 0.173],
  [-0.158, 0.189, 0.264],
  [-0.184, -0.271, -0.473],
] as const

/** A rough picture of a latent [1, 4, h, w] in the U-Net's scale, one pixel a cell: [1, 3, h, w] in -1 to 1. */
export function roughPicture({ shape, data }: Tensor): Tensor {
  const [, channels = 0, height = 0, width = 0] = shape
  const cells = height * width
  const picture = tensor([1, 3, height, width])
  for (const [channel, factors] of STABLE_DIFFUSION_FACTORS.slice(0, channels).entries()) {
    for (const [colour, factor] of factors.entries()) {
      for (let i = 0; i < cells; i++) {
        const at = colour * cells + i
        picture.data[at] = (picture.data[at] ?? 0) + factor * (data[channel * cells + i] ?? 0)
      }
    }
  }
  return picture
}

/** Lets previews take no more than a share of the time: after one that cost c, the next waits (1/share - 1)·c. */
export class PreviewBudget {
  readonly #share: number
  #restUntilMs = -Infinity

  constructor(share: number) {
    this.#share = share
  }

  allows(nowMs: number): boolean {
    return nowMs >= this.#restUntilMs
  }

  spent(startMs: number, endMs: number): void {
    this.#restUntilMs = endMs + (endMs - startMs) * (1 / this.#share - 1)
  }
}
