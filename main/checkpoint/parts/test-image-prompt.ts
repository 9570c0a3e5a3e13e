import type { UnetConfig } from '../config.ts'
import type { ExpectedTensors } from '../expected/layers.ts'
import { valueCount } from '../tensor-index.ts'
import { writeTensors } from '../test-models.ts'
import type { StoredTensor } from '../test-models.ts'
import { imageEncoderTensors } from './image-encoder.ts'
import type { ImageEncoderConfig } from './image-encoder.ts'
import { adapterName, crossAttentions, projectionTensors } from './ip-adapter.ts'
import type { IpAdapterConfig } from './ip-adapter.ts'
import { randomFill } from './test-controlnet.ts'
import type { Fill } from './test-controlnet.ts'

/** An encoder of pictures of 4 pixels a side: five tokens. */
export const TINY_ENCODER: ImageEncoderConfig = {
  hiddenSize: 16,
  intermediateSize: 32,
  layerCount: 2,
  headCount: 2,
  sizePx: 4,
  patchPx: 2,
  activation: 'quick_gelu',
  normEps: 1e-5,
  projection: { size: 6, isTransposed: false },
}

/** Writes an image encoder by transformers' names. */
export async function writeImageEncoder(path: string, config = TINY_ENCODER, fill = randomFill): Promise<void> {
  await writeTensors(path, filled(imageEncoderTensors(config), fill))
}

/** Writes an IP-Adapter for a U-Net. @param fill by names as in the file */
export async function writeIpAdapter(
  path: string,
  config: IpAdapterConfig,
  unet: UnetConfig,
  fill = randomFill,
): Promise<void> {
  const attentions = crossAttentions(unet).flatMap(({ channels }, i) =>
    ['to_k_ip', 'to_v_ip'].map(
      (name) => [`${adapterName(i, name)}.weight`, [channels, config.crossAttentionDim]] as const,
    ),
  )
  await writeTensors(path, filled(new Map([...projectionTensors(config), ...attentions]), fill))
}

function filled(expected: ExpectedTensors, fill: Fill): Map<string, StoredTensor> {
  const entries = [...expected].map(([name, shape]): [string, StoredTensor] => {
    const data = fill(name, shape) ?? new Float32Array(valueCount(shape))
    return [name, { dtype: 'F32', shape, bytes: new Uint8Array(data.buffer) }]
  })
  return new Map(entries)
}
