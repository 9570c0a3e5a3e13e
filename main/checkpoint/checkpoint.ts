import type { ModelDefaults } from '../contract/model.ts'
import type { AutoencoderConfig, ClipTextConfig, DiffusionConfig, UnetConfig } from './config.ts'
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
  /** Of all weight files together. */
  readonly sizeBytes: number
}

/** A model that can run: its networks with all their weights, and what sampling and tokenizing need to know. */
export interface Checkpoint extends ModelFacts {
  readonly unet: Component<UnetConfig>
  readonly autoencoder: Component<AutoencoderConfig>
  /** The context is their outputs side by side; a pooled vector is the last one's. */
  readonly textEncoders: readonly [TextEncoderPart, ...TextEncoderPart[]]
}
