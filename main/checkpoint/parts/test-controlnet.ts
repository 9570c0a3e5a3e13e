import { readFile } from 'node:fs/promises'
import { gaussianNoise } from '../../tensor/noise.ts'
import type { UnetConfig } from '../config.ts'
import { ldmUnetNames } from '../ldm/names.ts'
import { valueCount } from '../tensor-index.ts'
import { writeTensors } from '../test-models.ts'
import type { StoredTensor } from '../test-models.ts'
import type { Component } from '../weights.ts'
import { controlNetTensors } from './controlnet.ts'

/** Values of a tensor of this name and shape, or null for the base's own where it has one. */
export type Fill = (name: string, shape: readonly number[]) => Float32Array | null

export interface TestControlNet {
  readonly fill?: Fill
  readonly layout?: 'original' | 'without prefix' | 'diffusers' | 'difference'
  readonly hintWidths?: readonly [number, ...number[]]
}

/** Small random numbers, the same for the same name. */
export const randomFill: Fill = (name, shape) => {
  const seed = Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7)
  return gaussianNoise(seed, 0, shape).data.map((value) => value * 0.1)
}

/** Zero convolutions that are zero, and all else as random. */
export const zeroFill: Fill = (name, shape) =>
  /^controlnet_(?:down_blocks|mid_block)/.test(name) ? new Float32Array(valueCount(shape)) : randomFill(name, shape)

/** Writes a ControlNet for a U-Net, in any of the layouts; difference files hold what is to be added to the base. */
export async function writeControlNet(
  path: string,
  base: Component<UnetConfig>,
  { fill = randomFill, layout = 'original', hintWidths = [4, 6, 8, 10] }: TestControlNet = {},
): Promise<void> {
  const { config: unet } = base
  const expected = controlNetTensors({ unet, hintChannels: 3, hintWidths })
  const tensors = new Map<string, StoredTensor>()
  const files = new Map<string, Buffer>()
  for (const [name, shape] of expected) {
    const values = fill(name, shape)
    const own = base.weights.find(name)
    const nameInFile = layout === 'diffusers' ? name : originalName(name, unet, hintWidths.length, layout)
    if (values !== null || own === undefined) {
      const data = values ?? new Float32Array(valueCount(shape))
      tensors.set(nameInFile, { dtype: 'F32', shape, bytes: new Uint8Array(data.buffer) })
    } else {
      const { dtype, offset, sizeBytes } = own
      const file = files.get(own.file) ?? (await readFile(own.file))
      files.set(own.file, file)
      const bytes = file.subarray(offset, offset + sizeBytes)
      tensors.set(nameInFile, { dtype, shape: own.shape, bytes })
    }
  }
  if (layout === 'difference') tensors.set('difference', { dtype: 'F32', shape: [], bytes: new Uint8Array(4) })
  await writeTensors(path, tensors)
}

/** A name as lllyasviel/ControlNet's cldm.py has it. */
function originalName(name: string, unet: UnetConfig, widths: number, layout: TestControlNet['layout']): string {
  const prefix = layout === 'without prefix' ? '' : 'control_model.'
  const [, block] = /^controlnet_cond_embedding\.blocks\.(\d+)/.exec(name) ?? []
  const [, skip] = /^controlnet_down_blocks\.(\d+)/.exec(name) ?? []
  const kind = name.split('.').at(-1) ?? ''
  if (name.startsWith('controlnet_cond_embedding.conv_in')) return `${prefix}input_hint_block.0.${kind}`
  if (name.startsWith('controlnet_cond_embedding.conv_out'))
    return `${prefix}input_hint_block.${4 * widths - 2}.${kind}`
  if (block !== undefined) return `${prefix}input_hint_block.${2 * Number(block) + 2}.${kind}`
  if (skip !== undefined) return `${prefix}zero_convs.${skip}.0.${kind}`
  if (name.startsWith('controlnet_mid_block')) return `${prefix}middle_block_out.0.${kind}`
  const [stored = ''] = ldmUnetNames(unet)(name)
  return (typeof stored === 'string' ? stored : stored.whole).replace('model.diffusion_model.', prefix)
}
