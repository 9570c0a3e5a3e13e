import { StudioError } from '../../contract/failure.ts'
import type { UnetConfig } from '../config.ts'
import { TensorList } from '../expected/layers.ts'
import type { ExpectedTensors } from '../expected/layers.ts'
import { readTensorIndex } from '../file-kind.ts'
import type { TensorEntry } from '../tensor-index.ts'
import type { Component } from '../weights.ts'
import { soundWeights } from './sound-weights.ts'

/** How an adapter makes tokens of what an image encoder says. Ye et al. 2023 (arXiv 2308.06721). */
export type ImageProjection =
  /** The original and light ones: one linear layer from the picture's embedding to some tokens. */
  | { readonly kind: 'linear'; readonly inSize: number; readonly tokens: number }
  /** Full ones: two linear layers on each token of the penultimate layer. */
  | { readonly kind: 'mlp'; readonly inSize: number; readonly hiddenSize: number }
  /** Plus ones: a perceiver that asks the penultimate layer's tokens. */
  | ResamplerConfig

export interface ResamplerConfig {
  readonly kind: 'resampler'
  readonly inSize: number
  readonly tokens: number
  readonly width: number
  readonly depth: number
  /** Of all heads together; each is 64 wide. */
  readonly innerSize: number
  readonly feedForwardSize: number
}

export interface IpAdapterConfig {
  readonly projection: ImageProjection
  /** Width of its tokens, the U-Net's context. */
  readonly crossAttentionDim: number
}

type Entries = ReadonlyMap<string, TensorEntry>

const PROJECTION = 'image_proj.'
/** Of the perceiver's attention, in all that have one. */
export const RESAMPLER_HEAD_WIDTH = 64

/**
 * An IP-Adapter for a U-Net: `image_proj.*` and, for each cross-attention of the U-Net, `ip_adapter.N.to_k_ip` and `to_v_ip`.
 * @throws StudioError model-missing, checkpoint-unsupported; also for one of another family, and for those that need a face
 */
export async function openIpAdapter(path: string, unet: UnetConfig): Promise<Component<IpAdapterConfig>> {
  const { entries } = await readTensorIndex(path)
  const problem = faceProblem(entries)
  if (problem !== null) throw unsupported(path, problem)
  const key = entries.get('ip_adapter.1.to_k_ip.weight')
  const crossAttentionDim = key?.shape[1]
  if (crossAttentionDim === undefined) {
    const some = [...entries.keys()].slice(0, 3).join(', ') || 'none'
    throw unsupported(path, `expected an IP-Adapter's ip_adapter.1.to_k_ip.weight, found ${some}`)
  }
  if (crossAttentionDim !== unet.crossAttentionDim) {
    const found = `expected an IP-Adapter for this model, a context ${unet.crossAttentionDim} wide, found ${crossAttentionDim}`
    throw unsupported(path, found)
  }
  const config = { projection: projectionOf(path, entries, crossAttentionDim), crossAttentionDim }
  const expected = new Map([...projectionTensors(config), ...attentionTensors(config, unet)])
  return { config, weights: soundWeights({ path, entries, nameMap: (name) => [name] }, expected) }
}

/** What image encoder an adapter goes with: that whose embedding, or whose hidden layers, are this wide. */
export function neededEncoder({ projection }: IpAdapterConfig): { output: 'embedding' | 'hidden'; width: number } {
  return { output: projection.kind === 'linear' ? 'embedding' : 'hidden', width: projection.inSize }
}

/** Why an adapter is not run, where it is told a face by a recognition network, which is no CLIP; null for others. */
export function faceProblem(entries: Entries): string | null {
  const names = [...entries.keys()]
  const kinds: readonly (readonly [what: string, isIt: boolean])[] = [
    [
      'an IP-Adapter FaceID',
      names.some((name) => /^ip_adapter\.\d+\.to_[qkv]_lora\.|^image_proj\.perceiver_resampler\./.test(name)) ||
        (entries.has(`${PROJECTION}proj.0.weight`) && entries.has(`${PROJECTION}norm.weight`)),
    ],
    [
      'an InstantID adapter',
      entries.has(`${PROJECTION}latents`) && entries.get(`${PROJECTION}proj_in.weight`)?.shape[1] === 512,
    ],
  ]
  const found = kinds.find(([, isIt]) => isIt)
  const needs = 'which needs a face recognition network and is not run'
  return found ? `expected an IP-Adapter that sees with CLIP, found ${found[0]}, ${needs}` : null
}

function projectionOf(path: string, entries: Entries, contextWidth: number): ImageProjection {
  const shape = (name: string) => entries.get(PROJECTION + name)?.shape
  const linear = shape('proj.weight')
  if (linear) return { kind: 'linear', inSize: linear[1] ?? 0, tokens: Math.floor((linear[0] ?? 0) / contextWidth) }
  const first = shape('proj.0.weight')
  if (first && shape('proj.3.weight')) return { kind: 'mlp', inSize: first[1] ?? 0, hiddenSize: first[0] ?? 0 }
  const latents = shape('latents')
  if (latents) {
    let depth = 0
    while (shape(`layers.${depth}.0.to_q.weight`)) depth++
    const innerSize = shape('layers.0.0.to_q.weight')?.[0] ?? 0
    if (innerSize === 0 || innerSize % RESAMPLER_HEAD_WIDTH !== 0) {
      const expected = `a multiple of ${RESAMPLER_HEAD_WIDTH} rows, one head after the other`
      throw unsupported(path, `tensor ${PROJECTION}layers.0.0.to_q.weight: expected ${expected}, found ${innerSize}`)
    }
    return {
      kind: 'resampler',
      inSize: shape('proj_in.weight')?.[1] ?? 0,
      tokens: latents[1] ?? 0,
      width: latents[2] ?? 0,
      depth,
      innerSize,
      feedForwardSize: shape('layers.0.1.1.weight')?.[0] ?? 0,
    }
  }
  const some = [...entries.keys()].filter((name) => name.startsWith(PROJECTION)).slice(0, 3)
  throw unsupported(
    path,
    `expected image_proj.proj.*, image_proj.proj.0.* or image_proj.latents, found ${some.join(', ') || 'none'}`,
  )
}

/** Every tensor that makes the tokens. */
export function projectionTensors({ projection, crossAttentionDim }: IpAdapterConfig): ExpectedTensors {
  const list = new TensorList()
  const at = (name: string) => PROJECTION + name
  switch (projection.kind) {
    case 'linear':
      list.linear(at('proj'), projection.inSize, projection.tokens * crossAttentionDim)
      list.norm(at('norm'), crossAttentionDim)
      break
    case 'mlp':
      list.linear(at('proj.0'), projection.inSize, projection.hiddenSize)
      list.linear(at('proj.2'), projection.hiddenSize, crossAttentionDim)
      list.norm(at('proj.3'), crossAttentionDim)
      break
    case 'resampler':
      resampler(list, projection, crossAttentionDim)
  }
  return list.tensors
}

function resampler(list: TensorList, config: ResamplerConfig, outSize: number): void {
  const { inSize, tokens, width, depth, innerSize, feedForwardSize } = config
  list.tensors.set(`${PROJECTION}latents`, [1, tokens, width])
  list.linear(`${PROJECTION}proj_in`, inSize, width)
  for (let i = 0; i < depth; i++) {
    const [attention, feedForward] = [`${PROJECTION}layers.${i}.0`, `${PROJECTION}layers.${i}.1`]
    list.norm(`${attention}.norm1`, width)
    list.norm(`${attention}.norm2`, width)
    list.linear(`${attention}.to_q`, width, innerSize, false)
    list.linear(`${attention}.to_kv`, width, 2 * innerSize, false)
    list.linear(`${attention}.to_out`, innerSize, width, false)
    list.norm(`${feedForward}.0`, width)
    list.linear(`${feedForward}.1`, width, feedForwardSize, false)
    list.linear(`${feedForward}.3`, feedForwardSize, width, false)
  }
  list.linear(`${PROJECTION}proj_out`, width, outSize)
  list.norm(`${PROJECTION}norm_out`, outSize)
}

function attentionTensors({ crossAttentionDim }: IpAdapterConfig, unet: UnetConfig): ExpectedTensors {
  const list = new TensorList()
  for (const [i, { channels }] of crossAttentions(unet).entries()) {
    for (const name of ['to_k_ip', 'to_v_ip']) list.linear(adapterName(i, name), crossAttentionDim, channels, false)
  }
  return list.tensors
}

/** The file counts all attentions, to the cells themselves and to the context in turn; only the latter have weights. */
export function adapterName(crossAttention: number, projection: string): string {
  return `ip_adapter.${2 * crossAttention + 1}.${projection}`
}

/** A U-Net's cross-attentions in the order in which adapters count them, diffusers': the way down, the way up, the middle. */
export function crossAttentions(unet: UnetConfig): { name: string; channels: number }[] {
  const { blockChannels, layersPerBlock } = unet
  const levels = blockChannels.length
  const within = (block: string, attentions: number, depth: number, channels: number) =>
    Array.from({ length: attentions * depth }, (_, i) => ({
      name: `${block}.attentions.${Math.floor(i / depth)}.transformer_blocks.${i % depth}.attn2`,
      channels,
    }))
  const down = blockChannels.flatMap((channels, level) =>
    within(`down_blocks.${level}`, layersPerBlock, unet.downTransformerDepth[level] ?? 0, channels),
  )
  const up = blockChannels.flatMap((_, i) => {
    const level = levels - 1 - i
    return within(`up_blocks.${i}`, layersPerBlock + 1, unet.upTransformerDepth[level] ?? 0, blockChannels[level] ?? 0)
  })
  return [...down, ...up, ...within('mid_block', 1, unet.middleTransformerDepth, blockChannels.at(-1) ?? 0)]
}

function unsupported(path: string, sentence: string): StudioError {
  return new StudioError('checkpoint-unsupported', `${path}: ${sentence}`)
}
