import type { LabelCheckpoint } from '../checkpoint/checkpoint.ts'
import { pixelsPerLatent } from '../checkpoint/draft.ts'
import { buildAutoencoderDecoder, buildAutoencoderEncoder } from '../network/autoencoder.ts'
import { buildLabelTable } from '../network/label-table.ts'
import { buildPlainUnet } from '../network/plain-unet.ts'
import { buildUnet } from '../network/unet.ts'
import { weightBytes } from './networks.ts'
import type { Networks } from './networks.ts'

/** The networks of a model that is told a class, whose table stands in a text encoder's place, or nothing. */
export function labelNetworks(model: LabelCheckpoint): Networks {
  const { autoencoder, labels } = model
  const { latentChannels, scalingFactor } = autoencoder.config
  return {
    told: labels === null ? 'nothing' : labels.config,
    latent: { channels: latentChannels, factor: pixelsPerLatent(autoencoder.config), scalingFactor },
    input: 'none',
    guidanceSize: null,
    isToldScore: false,
    vector: null,
    guides: null,
    wordSpaces: [],
    weightBytes: {
      textEncoders: labels === null ? [] : [weightBytes(labels)],
      unet: weightBytes(model.unet),
      autoencoder: weightBytes(autoencoder),
    },
    textEncoder() {
      if (labels === null)
        throw new RangeError('expected a model that is told something, found one that is told nothing')
      return buildLabelTable(labels)
    },
    unet: () => (model.labels === null ? buildPlainUnet(model.unet) : buildUnet(model.unet)),
    decoder: () => buildAutoencoderDecoder(autoencoder),
    encoder: () => buildAutoencoderEncoder(autoencoder),
  }
}
