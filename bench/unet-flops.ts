import type { UnetConfig } from '../main/checkpoint/config.ts'
import { unetTensors } from '../main/checkpoint/expected/unet.ts'

export interface PassShape {
  readonly batch: number
  readonly latentHeight: number
  readonly latentWidth: number
  /** Of the encoded prompt. */
  readonly tokens: number
}

/**
 * Floating-point operations of one pass: two for each multiply-add of its convolutions, linear layers and attention
 * products. Norms, activations and additions, well under a hundredth, are left out.
 */
export function countUnetFlops(config: UnetConfig, { batch, latentHeight, latentWidth, tokens }: PassShape): number {
  const cells = config.blockChannels.map(
    (_, level) => Math.ceil(latentHeight / 2 ** level) * Math.ceil(latentWidth / 2 ** level),
  )
  let multiplyAdds = 0
  for (const [name, shape] of unetTensors(config)) {
    if (shape.length < 2) continue
    const here = cells[levelOf(name, cells.length)] ?? 0
    const size = shape.reduce((product, dimension) => product * dimension, 1)
    multiplyAdds += size * rowsThrough(name, here, tokens)
    // Scores, and the values they weigh: each as wide as the projection.
    if (name.endsWith('to_q.weight')) {
      multiplyAdds += 2 * here * (name.includes('attn1') ? here : tokens) * (shape[0] ?? 0)
    }
  }
  return 2 * batch * multiplyAdds
}

/** How many rows of input a weight is applied to. */
function rowsThrough(name: string, cells: number, tokens: number): number {
  if (/time_emb|^add_embedding/.test(name)) return 1
  return /attn2\.to_[kv]/.test(name) ? tokens : cells
}

/** 0 is the highest resolution. A block's own resampling belongs to the resolution it leads to. */
function levelOf(name: string, levels: number): number {
  const [, way, number = '0'] = /^(down|up)_blocks\.(\d+)/.exec(name) ?? []
  if (way === 'down') return Number(number) + (name.includes('downsamplers') ? 1 : 0)
  if (way === 'up') return levels - 1 - Number(number) - (name.includes('upsamplers') ? 1 : 0)
  return name.startsWith('mid_block') ? levels - 1 : 0
}
