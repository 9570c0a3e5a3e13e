import type { UnetConfig } from '../checkpoint/config.ts'
import { skipChannels } from '../checkpoint/parts/controlnet.ts'
import type { Moment } from '../diffusion/denoise.ts'
import type { Conditioning } from '../diffusion/guidance.ts'
import { residualNames } from '../network/unet.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** One pass of the network, as `DiffusionNetwork` takes it. */
export interface NetworkPass {
  readonly x: Tensor
  readonly timesteps: readonly number[]
  readonly told: Conditioning
  readonly moment: Moment
}

export type Feeds = Readonly<Record<string, Tensor>>

/** What the pictures that guide a run give the U-Net in a pass. */
export type GuideFeeds = (pass: NetworkPass) => Promise<Feeds>

/** Which inputs a U-Net has for pictures that guide it. */
export interface GuideInputs {
  readonly unet: UnetConfig
  readonly hasResiduals: boolean
  /** Pictures that prompt. */
  readonly pictureCount: number
  /** Passes may have a middle that attends to itself alone. */
  readonly hasPerturbation: boolean
}

/** The shares of the steps between which something acts. */
export interface ActiveShare {
  readonly start: number
  readonly end: number
}

/** Whether a whole step lies between the shares, as in diffusers' ControlNet pipelines; samplers that go on after the last step are in it. */
export function isActive({ start, end }: ActiveShare, { step, steps }: Moment): boolean {
  return step / steps >= start && Math.min(1, (step + 1) / steps) <= end
}

/** Feeds of pictures that say nothing. */
export function neutralFeeds(inputs: GuideInputs): GuideFeeds {
  return ({ x }) =>
    Promise.resolve({
      ...(inputs.hasResiduals ? noResiduals(inputs.unet, x.shape) : {}),
      ...noPictures(inputs, x),
      ...(inputs.hasPerturbation ? { perturbed: tensor([x.shape[0] ?? 1]) } : {}),
    })
}

/** Residuals of zeros for a latent of this shape. */
export function noResiduals(unet: UnetConfig, [count = 1, , height = 0, width = 0]: readonly number[]): Feeds {
  const channels = skipChannels(unet)
  // A level's blocks and, before them, what halved to it.
  const levels = channels.map((_, i) => Math.floor(i / (unet.layersPerBlock + 1)))
  const sides = (level: number) => [height, width].map((side) => Math.ceil(side / 2 ** level))
  const shapes = channels.map((size, i) => [count, size, ...sides(levels[i] ?? 0)])
  const last = unet.blockChannels.length - 1
  const middle = [count, unet.blockChannels[last] ?? 0, ...sides(last)]
  return Object.fromEntries(residualNames(channels.length).map((name, i) => [name, tensor(shapes[i] ?? middle)]))
}

function noPictures({ unet, pictureCount }: GuideInputs, { shape: [count = 1] }: Tensor): Feeds {
  const entries = Array.from({ length: pictureCount }, (_, i): [string, Tensor][] => [
    [`image_tokens.${i}`, tensor([count, 1, unet.crossAttentionDim])],
    [`image_scale.${i}`, tensor([1])],
  ])
  return Object.fromEntries(entries.flat())
}
