import type { FamilyTraits } from '../checkpoint.ts'
import type { AutoencoderConfig, ClipTextConfig, DiffusionConfig, UnetConfig } from '../config.ts'
import type { LdmTextEncoder } from '../ldm/text-encoders.ts'
import type { Sidecar } from '../ldm/sidecar.ts'
import type { TensorIndex } from '../tensor-index.ts'
import type { NameMap } from '../weights.ts'

/** A text encoder of a diffusers folder, and what the U-Net takes of it. */
export interface FolderTextEncoder {
  /** Also its name in model_index.json. */
  readonly folder: string
  readonly tokenizer: string
  /** The class that model_index.json names. */
  readonly className: 'CLIPTextModel' | 'CLIPTextModelWithProjection'
  /** What the pipeline's code decides and config.json does not say. */
  readonly context: Partial<Pick<ClipTextConfig, 'skippedLayers' | 'isContextNormed'>>
}

/** How a family is recognised and read among diffusers folders. */
export interface DiffusersRecipe {
  /** The classes that model_index.json may name. */
  readonly pipelines: readonly string[]
  readonly textEncoders: readonly [FolderTextEncoder, ...FolderTextEncoder[]]
  /** @param has whether model_index.json names a component of the folder's own */
  detect(unet: UnetConfig, has: (component: string) => boolean): boolean
}

/** How a family is recognised and read in a single file of the original code's names. */
export interface SingleFileRecipe {
  detect(index: TensorIndex): boolean
  /** A component and the prefixes its tensors may have, for saying that it is not there. */
  readonly components: readonly { readonly label: string; readonly prefixes: readonly string[] }[]
  /** Dimensions from names and shapes alone. @throws StudioError checkpoint-unsupported */
  configs(index: TensorIndex, sidecar: Sidecar): { readonly unet: UnetConfig; readonly autoencoder: AutoencoderConfig }
  readonly nameMaps: {
    readonly unet: (config: UnetConfig) => NameMap
    readonly autoencoder: (config: AutoencoderConfig) => NameMap
  }
  readonly textEncoders: readonly [LdmTextEncoder, ...LdmTextEncoder[]]
  /** Where the file and what lies beside it do not say. */
  readonly predictionType: DiffusionConfig['predictionType']
  /** Models of the family differ in what they predict and seldom say so. */
  readonly hasBothPredictionTypes: boolean
  /** Pixels a side by what the network predicts; null where the configuration beside the file tells it. */
  readonly nativeSizePx: Readonly<Partial<Record<DiffusionConfig['predictionType'], number>>> | null
  /** Tensors that such files hold and the networks do not use. */
  isIgnored(name: string): boolean
}

/** A kind of model. Whatever sets it apart from other kinds is a field here. */
export interface ModelFamily extends FamilyTraits {
  /** Null when models of this family are not read from such a place. */
  readonly diffusers: DiffusersRecipe | null
  readonly singleFile: SingleFileRecipe | null
}
