import type { ModelDefaults } from '../contract/model.ts'
import type { AutoencoderConfig, ClipTextConfig, DiffusionConfig, UnetConfig } from './config.ts'
import type { Component } from './weights.ts'

/** CLIP's own vocabulary, or that of the model's folder with its special tokens by their text. */
export type TokenizerSource =
  | { readonly kind: 'clip' }
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
}

/** A model that can run: three networks with all their weights, and what sampling and tokenizing need to know. */
export interface Checkpoint {
  /** Absolute. */
  readonly path: string
  /** Its card's, else the folder's or file's without an extension. */
  readonly name: string
  /** Its card's, else the family's. */
  readonly familyName: string
  readonly layout: 'diffusers' | 'single-file'
  readonly family: FamilyTraits
  readonly unet: Component<UnetConfig>
  readonly autoencoder: Component<AutoencoderConfig>
  readonly textEncoder: Component<ClipTextConfig>
  readonly diffusion: DiffusionConfig
  readonly tokenizer: TokenizerSource
  /** Where its fields start. */
  readonly defaults: ModelDefaults
  /** Of all weight files together. */
  readonly sizeBytes: number
}
