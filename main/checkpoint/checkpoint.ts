import type { ModelDefaults, ModelInput } from '../contract/model.ts'
import type { AutoencoderConfig, ClipTextConfig, DiffusionConfig, UnetConfig } from './config.ts'
import type { PlainUnetConfig } from './ldm/plain-unet.ts'
import type { GraphFile } from './onnx/graph-file.ts'
import type { Component } from './weights.ts'

/** CLIP's own vocabulary, padded with the end of text if nothing else is said, or that of the model's folder with its special tokens by their text. */
export type TokenizerSource =
  | { readonly kind: 'clip'; readonly padToken?: string }
  | {
      readonly kind: 'folder'
      readonly vocabularyPath: string
      readonly mergesPath: string
      readonly bosToken: string
      readonly eosToken: string
      readonly padToken: string
      readonly unknownToken: string
    }

/** What a kind of model has in common; a difference between families is a field here. */
export interface FamilyTraits {
  readonly id: string
  readonly name: string
  readonly defaults: ModelDefaults
  /** What each latent channel adds to red, green and blue (-1 to 1) of a rough preview. */
  readonly latentColours: readonly (readonly [red: number, green: number, blue: number])[]
}

/** A text encoder and what turns a prompt into its tokens. */
export interface TextEncoderPart extends Component<ClipTextConfig> {
  readonly tokenizer: TokenizerSource
}

/** What is known of a model whatever its networks are made of. */
export interface ModelFacts {
  /** Absolute. */
  readonly path: string
  /** Its card's, else the folder's or file's without an extension. */
  readonly name: string
  /** Its card's, else the family's. */
  readonly familyName: string
  readonly layout: 'diffusers' | 'single-file' | 'onnx'
  readonly family: FamilyTraits
  readonly diffusion: DiffusionConfig
  /** Its files say what the network predicts; else `diffusion` has what is usual and the network has to be asked. */
  readonly isPredictionTypeStated: boolean
  /** Where its fields start. */
  readonly defaults: ModelDefaults
  /** What it takes besides the prompt. */
  readonly input: ModelInput
  /** What is known or guessed of it that its tensors cannot tell, in a sentence. */
  readonly hint: string | null
  /** Of all weight files together. */
  readonly sizeBytes: number
}

/** A model of tensors that can run: its networks with all their weights, and what sampling and tokenizing need to know. */
export interface Checkpoint extends ModelFacts {
  readonly layout: 'diffusers' | 'single-file'
  readonly unet: Component<UnetConfig>
  readonly autoencoder: Component<AutoencoderConfig>
  /** The context is their outputs side by side; a pooled vector is the last one's. */
  readonly textEncoders: readonly [TextEncoderPart, ...TextEncoderPart[]]
}

/**
 * A model of the original latent diffusion paper that hears no words: its U-Net attends to a class, or is told nothing.
 * Rombach et al. 2022 (arXiv 2112.10752).
 */
export type LabelCheckpoint = ModelFacts & {
  readonly layout: 'single-file'
  readonly autoencoder: Component<AutoencoderConfig>
} & (
    | { readonly labels: Component<LabelConfig>; readonly unet: Component<UnetConfig> }
    | { readonly labels: null; readonly unet: Component<PlainUnetConfig> }
  )

/** A table of one vector a class. */
export interface LabelConfig {
  /** Without that of no class. */
  readonly classCount: number
  /** The entry that stands for no class, which guidance goes away from; null where there is none. */
  readonly nullClass: number | null
  readonly width: number
}

/** A model whose networks are graphs of their own, which run as they are. */
export interface OnnxModel extends ModelFacts {
  readonly layout: 'onnx'
  readonly graphs: {
    readonly unet: GraphFile
    readonly decoder: GraphFile
    /** Null where the export left it out: then there is no image-to-image. */
    readonly encoder: GraphFile | null
  }
  readonly textEncoders: readonly [TextEncoderGraph, ...TextEncoderGraph[]]
  readonly latent: LatentSpace
  /** Its U-Net is told the picture's sizes and the last text encoder's pooled prompt. */
  readonly isToldSizes: boolean
}

/** A text encoder that is a graph of its own. */
export interface TextEncoderGraph {
  readonly config: Pick<ClipTextConfig, 'contextLength'>
  readonly tokenizer: TokenizerSource
  readonly graph: GraphFile
  /** The hidden state that is the context; null for the last one, after the final norm. */
  readonly layer: number | null
}

export interface LatentSpace {
  readonly channels: number
  /** Pixels a side for each cell. */
  readonly factor: number
  /** latent given to the U-Net = scalingFactor * sample of the encoder */
  readonly scalingFactor: number
}

/** Whatever can run. */
export type Model = Checkpoint | LabelCheckpoint | OnnxModel
