import type { PredictionType } from '../contract/generation.ts'

/**
 * The networks' dimensions as the graph builders need them, whatever the file's layout called them.
 * Weights are asked for by the names of the diffusers library; a family's name map finds them in other layouts.
 */

/** U-Net of ResNet blocks and spatial transformers. One entry a level where a list is given, highest resolution first. */
export interface UnetConfig {
  readonly inChannels: number
  readonly outChannels: number
  readonly blockChannels: readonly number[]
  /** ResNet blocks a level on the way down; the way up has one more. */
  readonly layersPerBlock: number
  /** Transformer blocks in each spatial transformer of a level on the way down; 0 is none. */
  readonly downTransformerDepth: readonly number[]
  /** The same for the way up, still highest resolution first. */
  readonly upTransformerDepth: readonly number[]
  /** Transformer blocks in the middle; 0 is none. */
  readonly middleTransformerDepth: number
  readonly headCount: readonly number[]
  readonly crossAttentionDim: number
  /** Of models that are told more than the prompt in a vector added to the time embedding (SD XL); else null. */
  readonly vector: VectorConfig | null
  /** Entries of the guidance scale's embedding, of models distilled to be told it (LCM); else null. */
  readonly guidanceSize: number | null
  /** proj_in and proj_out are linear layers after flattening (SD 2, XL) instead of 1x1 convolutions before it (SD 1). */
  readonly hasLinearProjections: boolean
  readonly normGroups: number
  /** Of the ResNet blocks and the output head; the spatial transformer's input norm has 1e-6. */
  readonly normEps: number
}

/** A vector of the prompt's pooled vector and then numbers, each as sinusoids. */
export interface VectorConfig {
  readonly size: number
  /** Entries that each number takes. */
  readonly numberWidth: number
}

export interface AutoencoderConfig {
  readonly imageChannels: number
  readonly latentChannels: number
  readonly blockChannels: readonly number[]
  readonly layersPerBlock: number
  readonly normGroups: number
  readonly hasMiddleAttention: boolean
  /** Levels, highest resolution first, whose blocks each have attention behind them; absent where none has. */
  readonly levelAttention?: readonly boolean[]
  /** Entries of the codebook to which a latent is rounded before it is decoded (VQ); absent where it is not. */
  readonly codebookSize?: number
  readonly hasQuantConv: boolean
  /** latent given to the U-Net = scalingFactor * sample of the encoder */
  readonly scalingFactor: number
}

export interface ClipTextConfig {
  readonly vocabularySize: number
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly layerCount: number
  readonly headCount: number
  readonly contextLength: number
  readonly activation: 'quick_gelu' | 'gelu'
  readonly normEps: number
  /** Layers at the end that the context leaves out; 1 where it is the penultimate layer's output. */
  readonly skippedLayers: number
  /** The context has gone through the final norm. */
  readonly isContextNormed: boolean
  /** Of the vector at the end of the text to the pooled vector; null where there is none. */
  readonly projection: ProjectionConfig | null
}

export interface ProjectionConfig {
  readonly size: number
  /** The matrix is stored [in, out], as OpenCLIP does, instead of [out, in]. */
  readonly isTransposed: boolean
}

/** The forward process a model was trained with and how its own scheduler walks back; named as in diffusers' scheduler_config.json. */
export interface DiffusionConfig {
  readonly predictionType: PredictionType
  readonly trainTimesteps: number
  readonly betaSchedule: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2'
  readonly betaStart: number
  readonly betaEnd: number
  readonly trainedBetas: readonly number[] | null
  readonly rescaleZeroSnr: boolean
  readonly timestepSpacing: 'leading' | 'trailing' | 'linspace'
  readonly stepsOffset: number
  /** The last step lands on alpha 1 (no noise) instead of on the table's first alpha. */
  readonly setAlphaToOne: boolean
}
