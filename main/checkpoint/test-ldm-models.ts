import { gaussianNoise } from '../tensor/noise.ts'
import { writeTensors } from './test-models.ts'
import type { StoredTensor } from './test-models.ts'

/** Shapes by name, in the order in which the original's constructors make them. */
type Shapes = Map<string, readonly number[]>

/** The parameters of the original's UNetModel; levels instead of resolutions for attention. */
export interface LdmUnet {
  readonly channels: number
  readonly width: number
  readonly mult: readonly number[]
  readonly resBlocks: number
  readonly attention: readonly number[]
  /** Of a U-Net with spatial transformers; null has plain attention blocks. */
  readonly contextDim: number | null
  readonly scaleShift: boolean
  readonly updown: boolean
}

export interface LdmAutoencoder {
  readonly width: number
  readonly mult: readonly number[]
  readonly latentChannels: number
  /** Entries; null is a KL autoencoder. */
  readonly codebook: number | null
  readonly attention: readonly number[]
}

/** As the original's UNetModel names its parameters. */
export function unetShapes(unet: LdmUnet): Shapes {
  const { width, mult, resBlocks, attention, updown } = unet
  const shapes: Shapes = new Map()
  linear(shapes, 'time_embed.0', width, 4 * width)
  linear(shapes, 'time_embed.2', 4 * width, 4 * width)
  conv(shapes, 'input_blocks.0.0', unet.channels, width, 3)
  const skips = [width]
  let channels = width
  let block = 1
  mult.forEach((factor, level) => {
    for (let i = 0; i < resBlocks; i++) {
      resBlock(shapes, `input_blocks.${block}.0`, channels, factor * width, unet)
      channels = factor * width
      if (attention.includes(level)) mixer(shapes, `input_blocks.${block}.1`, channels, unet)
      skips.push(channels)
      block++
    }
    if (level === mult.length - 1) return
    if (updown) resBlock(shapes, `input_blocks.${block}.0`, channels, channels, unet)
    else conv(shapes, `input_blocks.${block}.0.op`, channels, channels, 3)
    skips.push(channels)
    block++
  })
  resBlock(shapes, 'middle_block.0', channels, channels, unet)
  mixer(shapes, 'middle_block.1', channels, unet)
  resBlock(shapes, 'middle_block.2', channels, channels, unet)
  block = 0
  for (let level = mult.length - 1; level >= 0; level--) {
    for (let i = 0; i <= resBlocks; i++) {
      const name = `output_blocks.${block++}`
      resBlock(shapes, `${name}.0`, channels + (skips.pop() ?? 0), (mult[level] ?? 1) * width, unet)
      channels = (mult[level] ?? 1) * width
      const hasMixer = attention.includes(level)
      if (hasMixer) mixer(shapes, `${name}.1`, channels, unet)
      if (level === 0 || i < resBlocks) continue
      const last = `${name}.${hasMixer ? 2 : 1}`
      if (updown) resBlock(shapes, last, channels, channels, unet)
      else conv(shapes, `${last}.conv`, channels, channels, 3)
    }
  }
  norm(shapes, 'out.0', channels)
  conv(shapes, 'out.2', channels, unet.channels, 3)
  return shapes
}

/** As the original's VQModel or AutoencoderKL names its parameters; one ResNet block a level. */
export function autoencoderShapes(config: LdmAutoencoder): Shapes {
  const { width, mult, latentChannels: z, codebook, attention } = config
  const shapes: Shapes = new Map()
  const widths = mult.map((factor) => factor * width)
  const deepest = widths.at(-1) ?? 0
  const given = codebook === null ? 2 * z : z
  conv(shapes, 'encoder.conv_in', 3, width, 3)
  widths.forEach((channels, level) => {
    vaeBlock(shapes, `encoder.down.${level}.block.0`, widths[level - 1] ?? width, channels)
    if (attention.includes(level)) vaeAttention(shapes, `encoder.down.${level}.attn.0`, channels)
    if (level < widths.length - 1) conv(shapes, `encoder.down.${level}.downsample.conv`, channels, channels, 3)
  })
  vaeMiddle(shapes, 'encoder', deepest)
  norm(shapes, 'encoder.norm_out', deepest)
  conv(shapes, 'encoder.conv_out', deepest, given, 3)
  conv(shapes, 'decoder.conv_in', z, deepest, 3)
  vaeMiddle(shapes, 'decoder', deepest)
  let channels = deepest
  for (let level = widths.length - 1; level >= 0; level--) {
    for (let i = 0; i < 2; i++) {
      vaeBlock(shapes, `decoder.up.${level}.block.${i}`, channels, widths[level] ?? 0)
      channels = widths[level] ?? 0
      if (attention.includes(level)) vaeAttention(shapes, `decoder.up.${level}.attn.${i}`, channels)
    }
    if (level > 0) conv(shapes, `decoder.up.${level}.upsample.conv`, channels, channels, 3)
  }
  norm(shapes, 'decoder.norm_out', channels)
  conv(shapes, 'decoder.conv_out', channels, 3, 3)
  if (codebook !== null) shapes.set('quantize.embedding.weight', [codebook, z])
  conv(shapes, 'quant_conv', given, given, 1)
  conv(shapes, 'post_quant_conv', z, z, 1)
  return shapes
}

/** Random weights that keep the size of what goes through them. */
export function randomTensor(seed: number, name: string, shape: readonly number[]): StoredTensor {
  const draw = Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7)
  const noise = gaussianNoise(seed, draw, shape).data
  const isTable = name.endsWith('embedding.weight')
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1)
  const isNorm = shape.length === 1 && name.endsWith('.weight')
  const values = noise.map((value) =>
    isNorm ? 1 + value / 10 : shape.length === 1 ? value / 10 : value / Math.sqrt(isTable ? 1 : fanIn),
  )
  return { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) }
}

export interface LdmModel {
  readonly unet: LdmUnet
  readonly autoencoder: LdmAutoencoder
  /** Entries of the class table, that of no class included; absent where there is none. */
  readonly classes?: number
  readonly scaleFactor?: number
}

/** Writes a model of random weights as the original code saves it. */
export async function writeLdmModel(path: string, model: LdmModel, seed = 1): Promise<void> {
  const shapes: [string, readonly number[]][] = [
    ...[...unetShapes(model.unet)].map(([name, shape]) => [`model.diffusion_model.${name}`, shape] as const),
    ...[...autoencoderShapes(model.autoencoder)].map(([name, shape]) => [`first_stage_model.${name}`, shape] as const),
    ...(model.classes === undefined
      ? []
      : [['cond_stage_model.embedding.weight', [model.classes, model.unet.contextDim ?? 0]] as const]),
  ].map(([name, shape]) => [name, shape])
  const tensors = new Map(shapes.map(([name, shape]) => [name, randomTensor(seed, name, shape)]))
  if (model.scaleFactor !== undefined) {
    const bytes = new Uint8Array(Float32Array.of(model.scaleFactor).buffer)
    tensors.set('scale_factor', { dtype: 'F32', shape: [], bytes })
  }
  await writeTensors(path, tensors)
}

function conv(shapes: Shapes, name: string, from: number, to: number, kernel: number): void {
  shapes.set(`${name}.weight`, [to, from, kernel, kernel]).set(`${name}.bias`, [to])
}

function linear(shapes: Shapes, name: string, from: number, to: number, hasBias = true): void {
  shapes.set(`${name}.weight`, [to, from])
  if (hasBias) shapes.set(`${name}.bias`, [to])
}

function norm(shapes: Shapes, name: string, channels: number): void {
  shapes.set(`${name}.weight`, [channels]).set(`${name}.bias`, [channels])
}

function resBlock(shapes: Shapes, name: string, from: number, to: number, { width, scaleShift }: LdmUnet): void {
  norm(shapes, `${name}.in_layers.0`, from)
  conv(shapes, `${name}.in_layers.2`, from, to, 3)
  linear(shapes, `${name}.emb_layers.1`, 4 * width, scaleShift ? 2 * to : to)
  norm(shapes, `${name}.out_layers.0`, to)
  conv(shapes, `${name}.out_layers.3`, to, to, 3)
  if (from !== to) conv(shapes, `${name}.skip_connection`, from, to, 1)
}

function mixer(shapes: Shapes, name: string, channels: number, { contextDim }: LdmUnet): void {
  norm(shapes, `${name}.norm`, channels)
  if (contextDim === null) {
    shapes.set(`${name}.qkv.weight`, [3 * channels, channels, 1]).set(`${name}.qkv.bias`, [3 * channels])
    shapes.set(`${name}.proj_out.weight`, [channels, channels, 1]).set(`${name}.proj_out.bias`, [channels])
    return
  }
  conv(shapes, `${name}.proj_in`, channels, channels, 1)
  const block = `${name}.transformer_blocks.0`
  for (const [attention, from] of [
    ['attn1', channels],
    ['attn2', contextDim],
  ] as const) {
    linear(shapes, `${block}.${attention}.to_q`, channels, channels, false)
    linear(shapes, `${block}.${attention}.to_k`, from, channels, false)
    linear(shapes, `${block}.${attention}.to_v`, from, channels, false)
    linear(shapes, `${block}.${attention}.to_out.0`, channels, channels)
  }
  linear(shapes, `${block}.ff.net.0.proj`, channels, 8 * channels)
  linear(shapes, `${block}.ff.net.2`, 4 * channels, channels)
  for (const i of [1, 2, 3]) norm(shapes, `${block}.norm${i}`, channels)
  conv(shapes, `${name}.proj_out`, channels, channels, 1)
}

function vaeBlock(shapes: Shapes, name: string, from: number, to: number): void {
  norm(shapes, `${name}.norm1`, from)
  conv(shapes, `${name}.conv1`, from, to, 3)
  norm(shapes, `${name}.norm2`, to)
  conv(shapes, `${name}.conv2`, to, to, 3)
  if (from !== to) conv(shapes, `${name}.nin_shortcut`, from, to, 1)
}

function vaeAttention(shapes: Shapes, name: string, channels: number): void {
  norm(shapes, `${name}.norm`, channels)
  for (const part of ['q', 'k', 'v', 'proj_out']) conv(shapes, `${name}.${part}`, channels, channels, 1)
}

function vaeMiddle(shapes: Shapes, half: string, channels: number): void {
  vaeBlock(shapes, `${half}.mid.block_1`, channels, channels)
  vaeAttention(shapes, `${half}.mid.attn_1`, channels)
  vaeBlock(shapes, `${half}.mid.block_2`, channels, channels)
}
