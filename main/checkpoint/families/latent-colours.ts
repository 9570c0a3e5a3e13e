import type { FamilyTraits } from '../checkpoint.ts'

type LatentColours = FamilyTraits['latentColours']

/**
 * Measured on the Stable Diffusion 1 autoencoder by its users (keturn, "Decoding latents to RGB without upscaling",
 * discuss.huggingface.co/t/23204). Stable Diffusion 2 has the same autoencoder.
 */
export const SD_LATENT_COLOURS: LatentColours = [
  [0.298, 0.207, 0.208],
  [0.187, 0.286, 0.173],
  [-0.158, 0.189, 0.264],
  [-0.184, -0.271, -0.473],
]

/** Measured on SD XL's autoencoder by InvokeAI's developers. */
export const SDXL_LATENT_COLOURS: LatentColours = [
  [0.3816, 0.493, 0.532],
  [-0.3753, 0.1631, 0.1739],
  [0.177, 0.3588, -0.2048],
  [-0.435, -0.2644, -0.4289],
]
