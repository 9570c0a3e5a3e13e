import { join } from 'node:path'
import { readAutoencoderConfig } from '../../main/checkpoint/diffusers/autoencoder-config.ts'
import { AUTOENCODER, readNetwork } from '../../main/checkpoint/diffusers/network.ts'
import { buildAutoencoderDecoder, buildAutoencoderEncoder } from '../../main/network/autoencoder.ts'
import { loadNetwork } from '../../main/runtime/network.ts'
import type { Tensor } from '../../main/tensor/tensor.ts'
import { psnr } from './scores.ts'

/** dB of each picture after the model's autoencoder, encoded to the mean and decoded. */
export async function rebuiltPsnr(
  modelFolder: string,
  threads: number | null,
  pictures: readonly Tensor[],
): Promise<number[]> {
  const config = await readAutoencoderConfig(join(modelFolder, AUTOENCODER.folder, 'config.json'))
  const component = await readNetwork(modelFolder, AUTOENCODER, config)
  const encoder = await loadNetwork(buildAutoencoderEncoder(component), { threads })
  const decoder = await loadNetwork(buildAutoencoderDecoder(component), { threads })
  const found: number[] = []
  for (const picture of pictures) {
    const { mean } = await encoder.run({ image: picture })
    const { image } = mean ? await decoder.run({ latent: mean }) : {}
    if (image) found.push(psnr(picture, image))
  }
  await Promise.all([encoder.release(), decoder.release()])
  return found
}
