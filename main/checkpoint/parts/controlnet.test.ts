import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { UnetConfig } from '../config.ts'
import { openCheckpoint } from '../open.ts'
import { editTensors, renamed, SOUND_MODELS, testModels, writeTensors } from '../test-models.ts'
import type { Component } from '../weights.ts'
import { openControlNet } from './controlnet.ts'
import { writeControlNet } from './test-controlnet.ts'

const { temporaryFolder } = testModels(onTestFinished)

let base: Component<UnetConfig>

beforeAll(async () => {
  base = (await openCheckpoint(SOUND_MODELS.singleFile)).unet
})

async function controlFile(name = 'control.safetensors'): Promise<string> {
  return join(await temporaryFolder(), name)
}

test.each(['original', 'without prefix', 'diffusers'] as const)(
  'the layout "%s" tells its dimensions',
  async (layout) => {
    const path = await controlFile()
    await writeControlNet(path, base, { layout, hintWidths: [16, 32, 96, 256] })
    const { config } = await openControlNet(path, base)
    expect(config.hintChannels).toBe(3)
    expect(config.hintWidths).toEqual([16, 32, 96, 256])
    expect(config.unet).toMatchObject({ downTransformerDepth: [1, 1, 1, 0], middleTransformerDepth: 1 })
  },
)

test('a diffusers folder opens, and is refused by the field for an option that the graph does not know', async () => {
  const folder = join(await temporaryFolder(), 'control')
  await mkdir(folder)
  const write = (fields: object) => writeFile(join(folder, 'config.json'), JSON.stringify(fields))
  await writeControlNet(join(folder, 'diffusion_pytorch_model.safetensors'), base, { layout: 'diffusers' })
  await write({ _class_name: 'ControlNetModel', global_pool_conditions: false })
  await expect(openControlNet(folder, base)).resolves.toBeDefined()
  await write({ _class_name: 'ControlNetModel', global_pool_conditions: true })
  await expect(openControlNet(folder, base)).rejects.toThrow(/global_pool_conditions: expected false, found true/)
})

test('a ControlNet of another family is refused by what does not fit', async () => {
  const path = await controlFile()
  await writeControlNet(path, base)
  const sdxl = await openCheckpoint(SOUND_MODELS.sdxl)
  await expect(openControlNet(path, sdxl.unet)).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: expect.stringMatching(/expected a ControlNet for this model, \d+ wide/) as string,
  })
})

test('a ControlNet that sees a mask beside its picture is refused', async () => {
  const path = await controlFile()
  await writeControlNet(path, base)
  await editTensors(path, (tensors) => {
    tensors.set('control_model.input_hint_block.0.weight', {
      dtype: 'F32',
      shape: [4, 4, 3, 3],
      bytes: new Uint8Array(4 * 4 * 9 * 4),
    })
  })
  await expect(openControlNet(path, base)).rejects.toThrow(/sees pictures of 3 channels, found 4/)
})

test('a missing tensor is named', async () => {
  const path = await controlFile()
  await writeControlNet(path, base)
  await editTensors(path, (tensors) => tensors.delete('control_model.zero_convs.3.0.bias'))
  await expect(openControlNet(path, base)).rejects.toThrow(
    /expected tensor control_model\.zero_convs\.3\.0\.bias \(the network's controlnet_down_blocks\.3\.bias\), found none/,
  )
})

describe('what guides by a picture in another way is refused by its name', () => {
  test.each([
    ['lllite_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q.conditioning1.0.weight', /ControlNet-LLLite/],
    ['lora_controlnet', /control LoRA/],
    ['control_add_embedding.linear_1.weight', /ControlNet Union/],
    ['body.0.block1.weight', /T2I-Adapter/],
    ['adapter.body.0.resnets.0.block1.weight', /T2I-Adapter/],
    ['something.else', /expected a ControlNet's input_hint_block.* found something\.else/],
  ])('%s', async (name, sentence) => {
    const path = await controlFile()
    await writeTensors(path, new Map([[name, { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) }]]))
    await expect(openControlNet(path, base)).rejects.toThrow(sentence)
  })
})

test('tensors of a U-Net alone are no ControlNet', async () => {
  const path = await controlFile()
  await writeControlNet(path, base)
  await editTensors(path, (tensors) => {
    renamed(tensors, (name) => (/input_hint_block|zero_convs|middle_block_out/.test(name) ? null : name))
  })
  await expect(openControlNet(path, base)).rejects.toThrow(/expected a ControlNet's input_hint_block/)
})
