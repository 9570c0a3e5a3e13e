import type { LatentSpace } from '../checkpoint/checkpoint.ts'
import type { Network } from '../runtime/network.ts'
import { scaled } from '../tensor/arithmetic.ts'
import { channelsOf, concatChannels } from '../tensor/batch.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { output } from './outputs.ts'
import { decoderTiling, encoderTiling, inTiles } from './tiled.ts'
import type { OnTile } from './tiled.ts'

export interface AutoencoderUse {
  readonly latent: LatentSpace
  /** A side of the tiles that the picture is coded in; null for all of it at once. */
  readonly tilePx: number | null
}

/** A latent in the U-Net's scale [n, 4, h, w] to an image [n, 3, H, W], about -1 to 1. */
export type Decode = (latent: Tensor, onTile?: OnTile) => Promise<Tensor>

/** An image [n, 3, H, W] in -1 to 1 to the mean and deviation of its latent, in the U-Net's scale. */
export type Encode = (image: Tensor, onTile?: OnTile) => Promise<{ mean: Tensor; deviation: Tensor }>

export function decoding(network: Network, { latent: { scalingFactor, factor }, tilePx }: AutoencoderUse): Decode {
  const run = async (latent: Tensor) => output(await network.run({ latent }), 'image')
  return (latent, onTile) => inTiles(scaled(latent, 1 / scalingFactor), decoderTiling(tilePx, factor), run, onTile)
}

export function encoding(network: Network, { latent, tilePx }: AutoencoderUse): Encode {
  const { scalingFactor, factor, channels } = latent
  const run = async (part: Tensor) => {
    const outputs = await network.run({ image: part })
    return concatChannels(output(outputs, 'mean'), output(outputs, 'logvar'))
  }
  return async (image, onTile) => {
    const moments = await inTiles(image, encoderTiling(tilePx, factor), run, onTile)
    const { shape, data } = channelsOf(moments, channels, channels * 2)
    const deviation = tensor(
      shape,
      data.map((value) => Math.exp(value / 2) * scalingFactor),
    )
    return { mean: scaled(channelsOf(moments, 0, channels), scalingFactor), deviation }
  }
}
