import { StudioError } from '../../contract/failure.ts'
import type { AutoencoderConfig, UnetConfig } from '../config.ts'
import type { TensorIndex } from '../tensor-index.ts'
import type { Sidecar } from './sidecar.ts'
import { LDM_AUTOENCODER, LDM_UNET } from './names.ts'

/** Group norms of the original code, in both networks. */
const NORM_GROUPS = 32
/** Sinusoids for each number of the vector beside the time embedding. */
const NUMBER_WIDTH = 256

/** How a family splits its attention: a fixed number of heads (SD 1) or a fixed width a head (SD 2, XL). */
export type HeadSplit = { readonly count: number } | { readonly width: number }

/** The split that the configuration beside the file gives, else the family's. */
export function splitHeads({ headWidth, headCount }: Sidecar, family: HeadSplit): HeadSplit {
  if (headWidth !== null) return { width: headWidth }
  return headCount === null ? family : { count: headCount }
}

interface Block {
  readonly channels: number
  readonly depth: number
}

/**
 * The dimensions of an original-layout U-Net, from tensor names and shapes.
 * @throws StudioError checkpoint-unsupported
 */
export function ldmUnetConfig(index: TensorIndex, heads: HeadSplit): UnetConfig {
  const look = lookup(index, LDM_UNET)
  const levels = inputLevels(look)
  const inEach = (value: (block: Block) => number, what: string) =>
    levels.map((blocks) => same(look, blocks.map(value), what))
  const blockChannels = inEach(({ channels }) => channels, 'channels in a level')
  const layersPerBlock = same(
    look,
    levels.map((blocks) => blocks.length),
    'blocks in each level',
  )
  const [first = 0, inChannels = 0] = look.shape('input_blocks.0.0.weight')
  if (first !== blockChannels[0]) {
    throw look.fail(
      `expected input_blocks.0 and input_blocks.1 of one width, found ${first} and ${blockChannels[0] ?? 0}`,
    )
  }
  return {
    inChannels,
    outChannels: look.shape('out.2.weight')[0] ?? 0,
    blockChannels,
    layersPerBlock,
    downTransformerDepth: inEach(({ depth }) => depth, 'transformer depth in a level'),
    upTransformerDepth: outputDepths(look, levels.length, layersPerBlock),
    middleTransformerDepth: look.count((k) => `middle_block.1.transformer_blocks.${k}.norm1.weight`),
    headCount: blockChannels.map((channels) => ('count' in heads ? heads.count : channels / heads.width)),
    crossAttentionDim: look.shape('middle_block.1.transformer_blocks.0.attn2.to_k.weight')[1] ?? 0,
    vector: look.has('label_emb.0.0.weight')
      ? { size: look.shape('label_emb.0.0.weight')[1] ?? 0, numberWidth: NUMBER_WIDTH }
      : null,
    guidanceSize: guidanceSize(look),
    hasLinearProjections: look.shape('middle_block.1.proj_in.weight').length === 2,
    normGroups: NORM_GROUPS,
    normEps: 1e-5,
  }
}

/**
 * The dimensions of an original-layout autoencoder.
 * @throws StudioError checkpoint-unsupported
 */
export function ldmAutoencoderConfig(index: TensorIndex, scalingFactor: number): AutoencoderConfig {
  const look = lookup(index, LDM_AUTOENCODER)
  const levels = look.count((i) => `encoder.down.${i}.block.0.conv1.weight`)
  const range = Array.from({ length: levels }, (_, i) => i)
  const levelAttention = range.map((i) => look.has(`encoder.down.${i}.attn.0.q.weight`))
  const codebook = 'quantize.embedding.weight'
  return {
    imageChannels: look.shape('encoder.conv_in.weight')[1] ?? 0,
    latentChannels: look.shape('decoder.conv_in.weight')[1] ?? 0,
    blockChannels: range.map((i) => look.shape(`encoder.down.${i}.block.0.conv1.weight`)[0] ?? 0),
    layersPerBlock: same(
      look,
      range.map((i) => look.count((j) => `encoder.down.${i}.block.${j}.conv1.weight`)),
      'blocks in each level',
    ),
    normGroups: NORM_GROUPS,
    hasMiddleAttention: look.has('encoder.mid.attn_1.q.weight'),
    ...(levelAttention.includes(true) ? { levelAttention } : {}),
    ...(look.has(codebook) ? { codebookSize: look.shape(codebook)[0] ?? 0 } : {}),
    hasQuantConv: look.has('quant_conv.weight'),
    scalingFactor,
  }
}

function guidanceSize(look: Lookup): number | null {
  const name = ['time_embed.cond_proj.weight', 'time_embedding.cond_proj.weight'].find((stored) => look.has(stored))
  return name === undefined ? null : (look.shape(name)[1] ?? 0)
}

/** ResNet blocks of the way down, level by level; a block of `op` alone ends a level. */
function inputLevels(look: Lookup): Block[][] {
  let level: Block[] = []
  const levels = [level]
  for (let i = 1; ; i++) {
    const block = `input_blocks.${i}`
    if (look.has(`${block}.0.in_layers.2.weight`)) {
      const channels = look.shape(`${block}.0.in_layers.2.weight`)[0] ?? 0
      level.push({ channels, depth: look.count((k) => `${block}.1.transformer_blocks.${k}.norm1.weight`) })
    } else if (look.has(`${block}.0.op.weight`)) {
      level = []
      levels.push(level)
    } else return levels
  }
}

/** Transformer depth of the way up, highest resolution first. */
function outputDepths(look: Lookup, levels: number, layersPerBlock: number): number[] {
  return Array.from({ length: levels }, (_, level) => {
    const start = (levels - 1 - level) * (layersPerBlock + 1)
    const depths = Array.from({ length: layersPerBlock + 1 }, (_, j) =>
      look.count((k) => `output_blocks.${start + j}.1.transformer_blocks.${k}.norm1.weight`),
    )
    return same(look, depths, 'transformer depth in a level')
  })
}

export interface Lookup {
  has(name: string): boolean
  shape(name: string): readonly number[]
  /** How many names, counted from 0, there are. */
  count(name: (i: number) => string): number
  fail(sentence: string): StudioError
}

/** The tensors of one network by its own names. */
export function lookup({ file, entries }: TensorIndex, prefix: string): Lookup {
  const fail = (sentence: string) => new StudioError('checkpoint-unsupported', `${file}: ${sentence}`)
  const has = (name: string) => entries.has(prefix + name)
  return {
    fail,
    has,
    shape(name) {
      const entry = entries.get(prefix + name)
      if (!entry) throw fail(`expected tensor ${prefix}${name}, found none`)
      return entry.shape
    },
    count(name) {
      let i = 0
      while (has(name(i))) i++
      return i
    },
  }
}

/** The one value that all are. @throws StudioError checkpoint-unsupported */
export function same(look: Lookup, values: readonly number[], what: string): number {
  const [first] = values
  if (first === undefined || values.some((value) => value !== first)) {
    throw look.fail(`expected the same number of ${what}, found ${values.join(', ') || 'none'}`)
  }
  return first
}
