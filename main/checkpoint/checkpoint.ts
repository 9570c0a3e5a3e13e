import type { ModelDefaults } from '../contract/model.ts'
import type { AutoencoderConfig, ClipTextConfig, DiffusionConfig, UnetConfig } from './config.ts'
import type { TensorEntry } from './tensor-index.ts'

/** A network's tensors by the names of the diffusers and transformers libraries, whatever the file calls them. */
export interface Weights {
  /** What the network needs and the file has. */
  readonly names: readonly string[]
  find(name: string): TensorEntry | undefined
  /** @throws StudioError checkpoint-unsupported, naming the file and what was looked for */
  require(name: string): TensorEntry
}

/**
 * One network of a checkpoint. The entries' shapes are the config's, save that a 1x1 convolution [o, i, 1, 1] and a
 * linear layer [o, i] may stand for each other: the entry says which the file has.
 */
export interface Component<C> {
  readonly config: C
  readonly weights: Weights
}

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
  /** The folder's or file's name, without an extension. */
  readonly name: string
  readonly layout: 'diffusers' | 'single-file'
  readonly family: FamilyTraits
  readonly unet: Component<UnetConfig>
  readonly autoencoder: Component<AutoencoderConfig>
  readonly textEncoder: Component<ClipTextConfig>
  readonly diffusion: DiffusionConfig
  readonly tokenizer: TokenizerSource
  /** Width and height it was trained at, where its files say. */
  readonly nativeSizePx: number | null
  /** Of all weight files together. */
  readonly sizeBytes: number
}
