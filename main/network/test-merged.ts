import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UnetConfig } from '../checkpoint/config.ts'
import { openCheckpoint } from '../checkpoint/open.ts'
import type { Checkpoint } from '../checkpoint/open.ts'
import type { Logger } from '../contract/failure.ts'
import { withLoras } from '../checkpoint/parts/lora/apply.ts'
import { openLora } from '../checkpoint/parts/lora/lora.ts'
import { SOUND_MODELS } from '../checkpoint/test-models.ts'
import type { Component } from '../checkpoint/weights.ts'
import { loadNetwork } from '../runtime/network.ts'
import type { MemoryUse } from '../runtime/network.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { factor, merged, writeLora } from './test-lora.ts'
import type { Addition, Factor } from './test-lora.ts'
import { buildUnet } from './unet.ts'

/** Largest difference of a pass from the same network with the weights merged in float64, in shares of the largest value. */
export const TOLERANCE = 2e-5

let opened: Promise<Checkpoint> | undefined
let unchanged: Promise<Tensor> | undefined

/** The model of the original's layout that LoRAs join here. */
export function tinyModel(): Promise<Checkpoint> {
  return (opened ??= openCheckpoint(SOUND_MODELS.singleFile))
}

/** Says nothing. */
export const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** The model with one LoRA of these tensors, written into the folder. */
export async function joined(
  folder: string,
  tensors: Readonly<Record<string, Factor>>,
  weight = 1,
  textWeight = weight,
  to?: Checkpoint,
): Promise<Checkpoint> {
  const path = await writeLora(join(folder, 'style.safetensors'), tensors)
  return withLoras(to ?? (await tinyModel()), [{ lora: await openLora(path), weight, textWeight }], silent)
}

/** A pass of the U-Net. */
export async function predicted(unet: Component<UnetConfig>, memory: MemoryUse = 'small'): Promise<Tensor> {
  const network = await loadNetwork(buildUnet(unet), { memory })
  const { prediction } = await network.run({
    sample: gaussianNoise(1, 0, [1, 4, 8, 8]),
    timestep: tensor([1], Float32Array.of(400)),
    context: gaussianNoise(2, 0, [1, 7, 32]),
  })
  await network.release()
  if (!prediction) throw new Error('expected a prediction')
  return prediction
}

/** The largest between two tensors. */
export function difference(a: Tensor, b: Tensor): number {
  assert.deepEqual(a.shape, b.shape)
  return a.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b.data[i] ?? NaN))), 0)
}

/** Of `a` from the reference, in shares of the reference's largest value. */
export function relative(a: Tensor, reference: Tensor): number {
  return difference(a, reference) / reference.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}

/** The U-Net with the LoRA predicts what the merged one does, and something else than without it. */
export async function expectMerged(
  tensors: Readonly<Record<string, Factor>>,
  additions: Readonly<Record<string, Addition>>,
  weight = 1,
  uses: readonly MemoryUse[] = ['small'],
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lora-'))
  try {
    const { unet } = await joined(folder, tensors, weight)
    const model = await tinyModel()
    const reference = await predicted(await merged(model.unet, additions, join(folder, 'merged.bin')))
    const plain = await (unchanged ??= predicted(model.unet))
    const change = relative(reference, plain)
    assert.ok(change > 10 * TOLERANCE, `expected the merged weights to change the prediction, found ${change}`)
    for (const memory of uses) {
      const error = relative(await predicted(unet, memory), reference)
      assert.ok(error < TOLERANCE, `expected what the merged weights predict (${memory}), found it off by ${error}`)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}
/** Layers of every sort: cross-attention, both halves of a GEGLU, convolutions, the time embedding's projection. */
export const LAYERS = {
  'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k': {
    ldm: 'input_blocks.1.1.transformer_blocks.0.attn2.to_k',
    shape: [32, 32],
  },
  'up_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0': {
    ldm: 'output_blocks.3.1.transformer_blocks.0.attn1.to_out.0',
    shape: [32, 32],
  },
  'down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj': {
    ldm: 'input_blocks.1.1.transformer_blocks.0.ff.net.0.proj',
    shape: [256, 32],
  },
  'mid_block.attentions.0.proj_in': { ldm: 'middle_block.1.proj_in', shape: [64, 64, 1, 1] },
  'down_blocks.1.resnets.0.conv1': { ldm: 'input_blocks.4.0.in_layers.2', shape: [32, 32, 3, 3] },
  'up_blocks.0.resnets.0.time_emb_proj': { ldm: 'output_blocks.0.0.emb_layers.1', shape: [64, 128] },
} as const
export type LayerName = keyof typeof LAYERS
export const LAYER_NAMES = Object.keys(LAYERS) as LayerName[]
export const ATTENTION = LAYER_NAMES.slice(0, 2)
export const LINEAR = 'down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj'
export const CONV = 'down_blocks.1.resnets.0.conv1'
export const RANK = 2

/** As kohya writes names. */
export const underscored = (name: string): string => name.replaceAll('.', '_')
/** Over the original's names. */
export const withLdmNames = (name: LayerName): string => `lora_unet_${underscored(LAYERS[name].ldm)}`
/** Over diffusers' names. */
export const kohya = (name: LayerName): string => `lora_unet_${underscored(name)}`

interface FactorNames {
  readonly up: string
  readonly down: string
}

/** Names of two factors, by default PEFT's. */
export const dotted = (stem: string, up = 'lora_B', down = 'lora_A'): FactorNames => ({
  up: `${stem}.${up}.weight`,
  down: `${stem}.${down}.weight`,
})

/** Rank 2 factors of a layer, shaped as its kind of layer has them. */
export function factors(name: LayerName, seed: number): { up: Factor; down: Factor } {
  const [out, inputs, ...kernel] = LAYERS[name].shape
  return { up: factor(seed, [out, RANK, ...kernel.map(() => 1)]), down: factor(seed + 50, [RANK, inputs, ...kernel]) }
}

/** The factors under these names. */
export const withNames = ({ up, down }: FactorNames, left: Factor, right: Factor): Record<string, Factor> => ({
  [up]: left,
  [down]: right,
})
