import type { ModelInput } from '../contract/model.ts'

/**
 * What a U-Net takes beside the latent, by its channels: a mask and the picture without what it repaints (Rombach et al.
 * 2022, arXiv 2112.10752, section 4.5), or the picture to edit (Brooks et al. 2023, arXiv 2211.09800, section 3.2). Null for
 * a number of channels that no known model has.
 */
export function modelInput(inChannels: number, latentChannels: number): ModelInput | null {
  switch (inChannels) {
    case latentChannels:
      return 'none'
    case 2 * latentChannels + 1:
      return 'inpaint'
    case 2 * latentChannels:
      return 'instruct'
    default:
      return null
  }
}
