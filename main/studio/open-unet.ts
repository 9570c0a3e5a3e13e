import type { DiffusionNetwork } from '../diffusion/guidance.ts'
import type { Network } from '../runtime/network.ts'
import { concatChannels } from '../tensor/batch.ts'
import { tensor } from '../tensor/tensor.ts'
import type { GuideFeeds } from './guide-feeds.ts'
import { output } from './outputs.ts'

/** The noise predictor, for latents of any size. @param guide what the run's pictures give it */
export function diffusionNetwork(network: Network, guide: GuideFeeds): DiffusionNetwork {
  return async (latent, timesteps, told, moment) => {
    const { context, vector, picture, guidance } = told
    const feeds = {
      sample: picture ? concatChannels(latent, picture) : latent,
      timestep: tensor([timesteps.length], Float32Array.from(timesteps)),
      ...(context.data.length === 0 ? {} : { context }),
      ...(vector === null ? {} : { vector }),
      ...(guidance ? { guidance } : {}),
      ...(await guide({ x: latent, timesteps, told, moment })),
    }
    return output(await network.run(feeds), 'prediction')
  }
}
