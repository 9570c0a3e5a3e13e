import type { Checkpoint, LabelConfig, LatentSpace, TextEncoderPart } from '../checkpoint/checkpoint.ts'
import type { AutoencoderConfig, UnetConfig } from '../checkpoint/config.ts'
import { pixelsPerLatent } from '../checkpoint/draft.ts'
import { modelInput } from '../checkpoint/input.ts'
import type { Component } from '../checkpoint/weights.ts'
import type { ModelInput } from '../contract/model.ts'
import { buildAutoencoderDecoder, buildAutoencoderEncoder } from '../network/autoencoder.ts'
import { buildTextEncoder } from '../network/text-encoder.ts'
import { buildUnet } from '../network/unet.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { WordSpace } from './joined-words.ts'
import { guidedUnet } from './guides.ts'
import type { JoinedGuides } from './guides.ts'
import type { NetworkWidths } from './memory-need.ts'
import { isScored, sizeVector } from './size-conditioning.ts'

/** A model's networks as graphs to load, whatever they come from, and what the stages must know of them. */
export interface Networks {
  /** What its pictures are asked for by: words, a class of a table, or nothing at all. */
  readonly told: 'words' | LabelConfig | 'nothing'
  readonly latent: LatentSpace
  /** What the U-Net takes beside the latent. */
  readonly input: ModelInput
  /** Entries of the guidance scale's embedding, of models that are told it and then need no second pass; null of others. */
  readonly guidanceSize: number | null
  /** Among the sizes, an aesthetic score stands in place of the target's. */
  readonly isToldScore: boolean
  /** What models that are told the picture's sizes take of these and the pooled prompt [1, p]; null of others. */
  readonly vector: ((pooled: Tensor, sizes: readonly number[]) => Tensor) | null
  readonly weightBytes: WeightBytes
  /** Of their levels, where they are known. */
  readonly widths?: NetworkWidths
  /** Of each text encoder that takes words beyond its vocabulary, as token_vectors beside the ids. */
  readonly wordSpaces: readonly WordSpace[]
  /** input_ids → context, and pooled where there is a vector to make. @param place among the model's text encoders */
  textEncoder(place: number, options?: TextEncoderUse): OnnxGraph
  /** ControlNets and IP-Adapters that the request joins; null where there are none. */
  readonly guides: JoinedGuides | null
  /** sample, timestep, context, vector, guidance and what the guides give → prediction */
  unet(): OnnxGraph
  /** latent, divided by the scaling factor → image */
  decoder(): OnnxGraph
  /** image → mean and logvar, before the scaling factor */
  encoder(): OnnxGraph
}

export interface TextEncoderUse {
  /** Takes attended too: which tokens others attend to. */
  readonly canHide?: boolean
}

export interface WeightBytes {
  /** One for each. */
  readonly textEncoders: readonly number[]
  readonly unet: number
  readonly autoencoder: number
}

/**
 * The networks of a checkpoint of tensors, drawn over them.
 * @param clipSkips of each text encoder; by default as the model was trained
 */
export function drawnNetworks(
  { unet, autoencoder, textEncoders }: Checkpoint,
  clipSkips?: readonly number[],
  guides: JoinedGuides | null = null,
): Networks {
  const { vector, guidanceSize, inChannels } = unet.config
  const pooledSize = textEncoders.at(-1)?.config.projection?.size ?? 0
  const { latentChannels, scalingFactor } = autoencoder.config
  return {
    told: 'words',
    latent: { channels: latentChannels, factor: pixelsPerLatent(autoencoder.config), scalingFactor },
    input: modelInput(inChannels, latentChannels) ?? 'none',
    guidanceSize,
    isToldScore: vector !== null && isScored(vector, pooledSize),
    vector: vector && ((pooled, sizes) => sizeVector(pooled, sizes, vector)),
    widths: widthsOf(unet.config, autoencoder.config),
    weightBytes: {
      textEncoders: textEncoders.map(weightBytes),
      unet: weightBytes(unet),
      autoencoder: weightBytes(autoencoder),
    },
    wordSpaces: textEncoders.map(wordSpace),
    textEncoder(place, { canHide = false } = {}) {
      const part = textEncoders[place]
      if (!part) throw new RangeError(`expected one of ${textEncoders.length} text encoders, found ${place}`)
      // Only models that are told a vector need the pooled output, that of the last encoder.
      const withPooled = vector !== null && place === textEncoders.length - 1
      const clipSkip = clipSkips?.[place]
      return buildTextEncoder(part, {
        withPooled,
        withTokenVectors: true,
        withHiding: canHide,
        ...(clipSkip === undefined ? {} : { clipSkip }),
      })
    },
    guides,
    unet: () => buildUnet(unet, guides ? guidedUnet(guides) : {}),
    decoder: () => buildAutoencoderDecoder(autoencoder),
    encoder: () => buildAutoencoderEncoder(autoencoder),
  }
}

function wordSpace({ config }: TextEncoderPart): WordSpace {
  return {
    vocabularySize: config.vocabularySize,
    width: config.hiddenSize,
    contentLength: config.contextLength - 2,
  }
}

function widthsOf(unet: UnetConfig, autoencoder: AutoencoderConfig): NetworkWidths {
  return {
    factor: pixelsPerLatent(autoencoder),
    unet: unet.blockChannels,
    unetHasAttention: unet.upTransformerDepth.map((depth) => depth > 0),
    autoencoder: autoencoder.blockChannels,
  }
}

export function weightBytes({ weights }: Component<unknown>): number {
  return weights.names.reduce((sum, name) => sum + weights.require(name).sizeBytes, 0)
}
