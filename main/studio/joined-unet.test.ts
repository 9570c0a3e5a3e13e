import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import { SOUND_MODELS, editTensors, renamed, testModels, widenInput } from '../checkpoint/test-models.ts'
import type { StoredTensor } from '../checkpoint/test-models.ts'
import type { GenerationRequest } from '../contract/generation.ts'
import { pictureTensor } from '../image/picture.ts'
import { factor, writeLora } from '../network/test-lora.ts'
import { Studio } from './studio.ts'
import { writeDiffusersFolder } from './test-folders.ts'
import { LOAD, SDXL_HEADS, TASK, joiningModels } from './test-joined.ts'

const { temporaryFolder, copySingleFile } = testModels(onTestFinished)
const testModel = joiningModels(onTestFinished)
const PREFIX = 'model.diffusion_model.'

/** The U-Net of the tiny model alone, changed. */
async function ownUnet(edit: (tensors: Map<string, StoredTensor>) => void = () => undefined): Promise<string> {
  const path = await copySingleFile('unet.safetensors')
  await editTensors(path, (tensors) => {
    renamed(tensors, (name) => (name.startsWith(PREFIX) ? name : null))
    edit(tensors)
  })
  return path
}

/** In the one bias whose change moves all of what is predicted. */
function darken(tensors: Map<string, StoredTensor>): void {
  const name = [...tensors.keys()].find((key) => key.endsWith('out.2.bias'))
  const found = name === undefined ? undefined : tensors.get(name)
  if (name !== undefined && found) tensors.set(name, { ...found, bytes: new Uint8Array(found.bytes.length).fill(60) })
}

/** The same as the `unet` folder of a diffusers model. */
async function unetFolder(): Promise<string> {
  const folder = await temporaryFolder()
  const model = await openCheckpoint(SOUND_MODELS.singleFile)
  await writeDiffusersFolder(model, folder, join(LOAD.vocabulariesFolder, 'clip-merges.txt'))
  return join(folder, 'unet')
}

describe('another U-Net', () => {
  test('predicts instead of the model’s own, whatever its layout; what else is open stays open', async () => {
    const { join: joinWith, predicted, isTextEncoderOpen } = await testModel()
    const before = await predicted()
    const folder = await unetFolder()
    for (const path of [
      await ownUnet(),
      await ownUnet((tensors) => {
        renamed(tensors, (name) => name.slice(PREFIX.length))
      }),
      folder,
      join(folder, 'diffusion_pytorch_model.safetensors'),
    ]) {
      await joinWith({ unet: 'unet' }, { partPaths: { unet: path } })
      expect((await predicted()).data).toEqual(before.data)
    }
    await joinWith({ unet: 'unet' }, { partPaths: { unet: await ownUnet(darken) } })
    expect((await predicted()).data).not.toEqual(before.data)
    expect(await isTextEncoderOpen()).toBe(true)
    await joinWith({})
    expect((await predicted()).data).toEqual(before.data)
  })

  test('takes LoRAs', async () => {
    const { join: joinWith, predicted } = await testModel()
    const layer = 'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_v'
    const lora = await writeLora(join(await temporaryFolder(), 'style.safetensors'), {
      [`${layer}.lora_up.weight`]: factor(1, [64, 4]),
      [`${layer}.lora_down.weight`]: factor(2, [4, 64]),
    })
    const partPaths = { unet: await ownUnet(darken), lora }
    await joinWith({ unet: 'unet' }, { partPaths })
    const before = await predicted()
    await joinWith({ unet: 'unet', loras: [{ id: 'lora', weight: 1 }] }, { partPaths })
    expect((await predicted()).data).not.toEqual(before.data)
  })

  test('that sees a mask makes an inpainting model of any', async () => {
    const { join: joinWith, model } = await testModel()
    expect(model.networks.input).toBe('none')
    const path = await ownUnet((tensors) => {
      widenInput(tensors, 9)
    })
    await joinWith({ unet: 'unet' }, { partPaths: { unet: path } })
    expect(model.networks.input).toBe('inpaint')
  })

  test('says what it predicts by the scheduler beside it, or a mark; else it is as the model’s own', async () => {
    const { join: joinWith, model } = await testModel()
    const folder = await unetFolder()
    await writeFile(
      join(folder, '../scheduler/scheduler_config.json'),
      JSON.stringify({ prediction_type: 'v_prediction' }),
    )
    await joinWith({ unet: 'unet' }, { partPaths: { unet: folder } })
    expect(await model.predictionType()).toBe('v')
    await joinWith({ unet: 'unet' }, { partPaths: { unet: await ownUnet() } })
    expect(await model.predictionType()).toBe('epsilon')
    const marked = await ownUnet((tensors) => {
      for (const name of ['v_pred', 'ztsnr']) tensors.set(name, { dtype: 'F32', shape: [0], bytes: new Uint8Array() })
    })
    await joinWith({ unet: 'unet' }, { partPaths: { unet: marked } })
    expect(await model.predictionType()).toBe('v')
    expect(model.facts.diffusion).toMatchObject({ rescaleZeroSnr: true, timestepSpacing: 'trailing' })
    await joinWith({})
    expect(await model.predictionType()).toBe('epsilon')
    expect(model.facts.diffusion.rescaleZeroSnr).toBe(false)
  })

  test('for another kind of model is refused at its field, naming both, and the model stays as it was', async () => {
    const { join: joinWith, predicted } = await testModel(SOUND_MODELS.sdxl, SDXL_HEADS).then(async (xl) => {
      const joining = xl.join({ unet: 'unet' }, { partPaths: { unet: await ownUnet() } })
      await expect(joining).rejects.toThrow(
        /unet\.safetensors: expected a U-Net for model: the U-Net's cross-attention width: expected \d+, as the text encoders have together, found 32/,
      )
      await expect(joining).rejects.toMatchObject({ field: 'unet' })
      return testModel()
    })
    const before = await predicted()
    const nothing = join(await temporaryFolder(), 'empty')
    await mkdir(nothing)
    await expect(joinWith({ unet: 'unet' }, { partPaths: { unet: nothing } })).rejects.toMatchObject({ field: 'unet' })
    expect((await predicted()).data).toEqual(before.data)
  })

  test('makes the picture that a model with it makes, pixel for pixel', async () => {
    const stagingFolder = await temporaryFolder()
    const studio = new Studio({ vocabulariesFolder: LOAD.vocabulariesFolder, appVersion: '0.0.0' })
    onTestFinished(() => studio.release())
    const other = await copySingleFile('other.safetensors')
    await editTensors(other, darken)
    const pixels = async (modelPath: string, changes: Partial<GenerationRequest> = {}) => {
      const request = { ...TASK.request, steps: 2, guidanceScale: 4, ...changes }
      const task = { ...TASK, request, modelPath, stagingFolder, partPaths: { unet: await ownUnet() } }
      const { pictureName } = await studio.generate(task, {
        signal: new AbortController().signal,
        onProgress: () => undefined,
        onPreview: () => undefined,
        logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
      })
      return (await pictureTensor(join(stagingFolder, pictureName), { widthPx: 64, heightPx: 64, fit: 'crop' })).data
    }
    const expected = await pixels(SOUND_MODELS.singleFile)
    expect(await pixels(other)).not.toEqual(expected)
    expect(await pixels(other, { unet: 'unet' })).toEqual(expected)
  })
})
