import type { OnnxModel } from '../checkpoint/checkpoint.ts'
import { weightBytes } from '../checkpoint/onnx/folder.ts'
import type { GraphFile } from '../checkpoint/onnx/graph-file.ts'
import { StudioError } from '../contract/failure.ts'
import { readyDecoder, readyEncoder, readyTextEncoder, readyUnet } from '../network/ready-networks.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Networks } from './networks.ts'

/** The networks of a model of ready-made graphs. */
export function readyNetworks({ graphs, textEncoders, latent, isToldSizes }: OnnxModel): Networks {
  return {
    told: 'words',
    latent,
    input: 'none',
    guidanceSize: guidanceSize(graphs.unet),
    isToldScore: false,
    vector: isToldSizes
      ? (pooled, sizes) => tensor([1, pooled.data.length + sizes.length], Float32Array.of(...pooled.data, ...sizes))
      : null,
    weightBytes: {
      textEncoders: textEncoders.map(({ graph }) => weightBytes(graph)),
      unet: weightBytes(graphs.unet),
      autoencoder: weightBytes(graphs.decoder),
    },
    wordSpaces: [],
    guides: null,
    textEncoder(place, { canHide = false } = {}) {
      if (canHide) {
        const found = 'found a model of ready graphs, whose text encoder cannot hide words'
        throw new StudioError('invalid-request', `expected a prompt style without weights below 1, ${found}`, {
          field: 'promptStyle',
        })
      }
      const part = textEncoders[place]
      if (!part) throw new RangeError(`expected one of ${textEncoders.length} text encoders, found ${place}`)
      const withPooled = isToldSizes && place === textEncoders.length - 1
      return readyTextEncoder(part.graph, { layer: part.layer, withPooled })
    },
    unet: () => readyUnet(graphs.unet),
    decoder: () => readyDecoder(graphs.decoder),
    encoder() {
      if (graphs.encoder) return readyEncoder(graphs.encoder, latent.channels)
      const found = `found ${graphs.decoder.path} alone: this model makes pictures of words only`
      throw new StudioError('invalid-request', `expected vae_encoder/model.onnx, ${found}`, { field: 'init' })
    },
  }
}

/** Of a consistency model's scale, told as sinusoids. */
const GUIDANCE_SIZE = 256

function guidanceSize({ inputs }: GraphFile): number | null {
  const input = inputs.find(({ name }) => name === 'timestep_cond')
  return input ? (input.shape?.[1] ?? GUIDANCE_SIZE) : null
}
