import type { UnetConfig } from '../config.ts'
import { ldmUnetConfig, lookup, same, splitHeads } from '../ldm/dimensions.ts'
import type { Lookup } from '../ldm/dimensions.ts'
import type { Sidecar } from '../ldm/sidecar.ts'
import type { TensorIndex } from '../tensor-index.ts'

/**
 * The dimensions of a U-Net of the original code's names, with their prefix. How it splits its attention is the base's, unless
 * the configuration beside the file says.
 * @throws StudioError checkpoint-unsupported
 */
export function originalUnetConfig(index: TensorIndex, base: UnetConfig, sidecar: Sidecar): UnetConfig {
  const config = ldmUnetConfig(index, splitHeads(sidecar, { count: 1 }))
  const saysHeads = sidecar.headCount !== null || sidecar.headWidth !== null
  return saysHeads ? config : { ...config, headCount: headsLike(base, config.blockChannels) }
}

/**
 * The dimensions of a U-Net of diffusers' names from these and the tensors' shapes; what they do not tell is the base's.
 * @throws StudioError checkpoint-unsupported
 */
export function unetDimensions(index: TensorIndex, base: UnetConfig): UnetConfig {
  const look = lookup(index, '')
  const levels = look.count((i) => `down_blocks.${i}.resnets.0.conv1.weight`)
  const range = Array.from({ length: levels }, (_, level) => level)
  const blockChannels = range.map((i) => look.shape(`down_blocks.${i}.resnets.0.conv1.weight`)[0] ?? 0)
  const transformer = [
    ...range.map((i) => `down_blocks.${i}.attentions.0`),
    'mid_block.attentions.0',
    ...range.map((i) => `up_blocks.${i}.attentions.0`),
  ].find((place) => depthAt(look, place) > 0)
  if (transformer === undefined)
    throw look.fail('expected a U-Net that attends to a prompt, found one without transformers')
  const vector = 'add_embedding.linear_1.weight'
  const guidance = 'time_embedding.cond_proj.weight'
  return {
    ...base,
    inChannels: look.shape('conv_in.weight')[1] ?? 0,
    outChannels: look.shape('conv_out.weight')[0] ?? 0,
    blockChannels,
    layersPerBlock: same(
      look,
      range.map((i) => look.count((j) => `down_blocks.${i}.resnets.${j}.conv1.weight`)),
      'blocks in each level',
    ),
    downTransformerDepth: range.map((i) => depthAt(look, `down_blocks.${i}.attentions.0`)),
    // The way up is counted from the lowest resolution.
    upTransformerDepth: range.map((i) => depthAt(look, `up_blocks.${levels - 1 - i}.attentions.0`)),
    middleTransformerDepth: depthAt(look, 'mid_block.attentions.0'),
    headCount: headsLike(base, blockChannels),
    crossAttentionDim: look.shape(`${transformer}.transformer_blocks.0.attn2.to_k.weight`)[1] ?? 0,
    vector: look.has(vector)
      ? { size: look.shape(vector)[1] ?? 0, numberWidth: base.vector?.numberWidth ?? NUMBER_WIDTH }
      : null,
    guidanceSize: look.has(guidance) ? (look.shape(guidance)[1] ?? 0) : null,
    hasLinearProjections: look.shape(`${transformer}.proj_in.weight`).length === 2,
  }
}

/** Sinusoids for each number of the vector beside the time embedding, in all models that are told any. */
const NUMBER_WIDTH = 256

function depthAt(look: Lookup, place: string): number {
  return look.count((k) => `${place}.transformer_blocks.${k}.norm1.weight`)
}

/** Heads of levels of these widths, split as the base splits its own: into as many, or into heads as wide. */
function headsLike({ blockChannels, headCount }: UnetConfig, widths: readonly number[]): readonly number[] {
  if (widths.length === blockChannels.length && widths.every((width, i) => width === blockChannels[i])) return headCount
  const [first = 1] = headCount
  const headWidths = new Set(blockChannels.map((channels, level) => channels / (headCount[level] ?? first)))
  const [headWidth = 1] = headWidths
  return widths.map((width) => (headWidths.size === 1 ? width / headWidth : first))
}
