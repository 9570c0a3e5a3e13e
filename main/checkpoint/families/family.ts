import type { FamilyTraits } from '../checkpoint.ts'
import type { AutoencoderConfig, ClipTextConfig, UnetConfig } from '../config.ts'
import type { Sidecar } from '../ldm/sidecar.ts'
import type { TensorIndex } from '../tensor-index.ts'
import type { NameMap } from '../weights.ts'

/** The three networks' dimensions. */
export interface NetworkConfigs {
  readonly unet: UnetConfig
  readonly autoencoder: AutoencoderConfig
  readonly textEncoder: ClipTextConfig
}

/** How a family is recognised among diffusers folders. */
export interface DiffusersRecipe {
  /** The classes that model_index.json may name. */
  readonly pipelines: readonly string[]
  detect(unet: UnetConfig): boolean
}

/** How a family is recognised and read in a single file of the original code's names. */
export interface SingleFileRecipe {
  detect(index: TensorIndex): boolean
  /** A component and the prefixes its tensors may have, for saying that it is not there. */
  readonly components: readonly { readonly label: string; readonly prefixes: readonly string[] }[]
  /** Dimensions from names and shapes alone. @throws StudioError checkpoint-unsupported */
  configs(index: TensorIndex, sidecar: Sidecar): NetworkConfigs
  readonly nameMaps: {
    readonly unet: (config: UnetConfig) => NameMap
    readonly autoencoder: (config: AutoencoderConfig) => NameMap
    readonly textEncoder: (config: ClipTextConfig) => NameMap
  }
  /** Tensors that such files hold and the networks do not use. */
  isIgnored(name: string): boolean
}

/** A kind of model. Whatever sets it apart from other kinds is a field here. */
export interface ModelFamily extends FamilyTraits {
  /** Null when models of this family are not read from such a place. */
  readonly diffusers: DiffusersRecipe | null
  readonly singleFile: SingleFileRecipe | null
}
