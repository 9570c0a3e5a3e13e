import { StudioError } from '../../contract/failure.ts'
import type { TokenizerSource } from '../checkpoint.ts'
import type { ClipTextConfig } from '../config.ts'
import type { TensorIndex } from '../tensor-index.ts'
import { nameInFile } from '../weights.ts'
import type { NameMap } from '../weights.ts'

/** A text encoder's place in a single file, and what the U-Net takes of it. */
export interface LdmTextEncoder {
  /** Dimensions from names and shapes. @throws StudioError checkpoint-unsupported */
  readonly config: (index: TensorIndex) => ClipTextConfig
  readonly nameMap: NameMap
  readonly tokenizer: TokenizerSource
}

type Context = Pick<ClipTextConfig, 'isContextNormed'> & {
  /** The context is the penultimate layer's output. */
  readonly isPenultimate: boolean
}

/** Layers of OpenCLIP's ViT-H and ViT-bigG by their width. */
const OPEN_CLIP_LAYERS: Readonly<Record<number, number>> = { 1024: 24, 1280: 32 }

/** A CLIP text encoder by transformers' names after `prefix`, of OpenAI's kind. Some merges lost the `text_model.` part. */
export function transformersClip(prefix: string, { isPenultimate, isContextNormed }: Context): LdmTextEncoder {
  const nameMap: NameMap = (name) => [prefix + name, prefix + name.replace(/^text_model\./, '')]
  return {
    nameMap,
    tokenizer: { kind: 'clip' },
    config: (index) => ({
      ...dimensions(index, nameMap),
      activation: 'quick_gelu',
      skippedLayers: isPenultimate ? 1 : 0,
      isContextNormed,
      projection: null,
    }),
  }
}

/** A text encoder by OpenCLIP's names after `prefix`: fused query, key and value, projection [in, out], padding with 0. */
export function openClip(prefix: string, { isPenultimate, isContextNormed }: Context): LdmTextEncoder {
  const nameMap = openClipNames(prefix)
  return {
    nameMap,
    tokenizer: { kind: 'clip', padToken: '!' },
    config(index) {
      const sizes = dimensions(index, nameMap)
      // Files made from diffusers' layout come without the last layer, which no one uses.
      const isLastLayerGone = sizes.layerCount === (OPEN_CLIP_LAYERS[sizes.hiddenSize] ?? 0) - 1
      const projection = index.entries.get(`${prefix}text_projection`)
      return {
        ...sizes,
        activation: 'gelu',
        skippedLayers: isPenultimate && !isLastLayerGone ? 1 : 0,
        isContextNormed,
        projection: projection ? { size: projection.shape[1] ?? 0, isTransposed: true } : null,
      }
    },
  }
}

const OPEN_CLIP_NAMES: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/^text_projection\.weight$/, 'text_projection'],
  [/^text_model\.embeddings\.token_embedding\./, 'token_embedding.'],
  [/^text_model\.embeddings\.position_embedding\.weight$/, 'positional_embedding'],
  [/^text_model\.final_layer_norm\./, 'ln_final.'],
  [/^text_model\.encoder\.layers\./, 'transformer.resblocks.'],
]
const OPEN_CLIP_LAYER_NAMES: typeof OPEN_CLIP_NAMES = [
  [/\.layer_norm([12])\./, '.ln_$1.'],
  [/\.self_attn\.out_proj\./, '.attn.out_proj.'],
  [/\.mlp\.fc1\./, '.mlp.c_fc.'],
  [/\.mlp\.fc2\./, '.mlp.c_proj.'],
]

function openClipNames(prefix: string): NameMap {
  return (name) => {
    const own = [...OPEN_CLIP_NAMES, ...OPEN_CLIP_LAYER_NAMES].reduce(
      (renamed, [pattern, replacement]) => renamed.replace(pattern, replacement),
      name,
    )
    const fused = /^(.*)\.self_attn\.([qkv])_proj\.(weight|bias)$/.exec(own)
    if (!fused) return [prefix + own]
    const [, layer = '', which = '', kind = ''] = fused
    const whole = `${prefix}${layer}.attn.in_proj_${kind}`
    // Some converters split what OpenCLIP fuses.
    return [{ whole, index: 'qkv'.indexOf(which), count: 3 }, `${prefix}${layer}.attn.${which}_proj.${kind}`]
  }
}

type Dimensions = Omit<ClipTextConfig, 'activation' | 'skippedLayers' | 'isContextNormed' | 'projection'>

function dimensions({ file, entries }: TensorIndex, nameMap: NameMap): Dimensions {
  const places = (name: string) => nameMap(`text_model.${name}`).map(nameInFile)
  const find = (name: string) =>
    places(name)
      .map((stored) => entries.get(stored))
      .find(Boolean)
  const shape = (name: string): readonly number[] => {
    const entry = find(name)
    if (entry) return entry.shape
    throw new StudioError('checkpoint-unsupported', `${file}: expected tensor ${places(name)[0] ?? name}, found none`)
  }
  const [vocabularySize = 0, hiddenSize = 0] = shape('embeddings.token_embedding.weight')
  let layerCount = 0
  while (find(`encoder.layers.${layerCount}.layer_norm1.weight`)) layerCount++
  return {
    vocabularySize,
    hiddenSize,
    intermediateSize: shape('encoder.layers.0.mlp.fc1.weight')[0] ?? 0,
    layerCount,
    headCount: clipHeads(hiddenSize),
    contextLength: shape('embeddings.position_embedding.weight')[0] ?? 0,
    normEps: 1e-5,
  }
}

/** Tensors cannot tell the heads: every CLIP has them 64 wide. A model thinner than that is a test's, with heads 8 wide. */
function clipHeads(hiddenSize: number): number {
  return Math.max(1, Math.floor(hiddenSize % 64 === 0 ? hiddenSize / 64 : hiddenSize / 8))
}
