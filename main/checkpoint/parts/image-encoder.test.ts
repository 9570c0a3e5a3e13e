import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { editTensors, testModels } from '../test-models.ts'
import { openImageEncoder } from './image-encoder.ts'
import { TINY_ENCODER, writeImageEncoder } from './test-image-prompt.ts'

const { temporaryFolder } = testModels(onTestFinished)

async function encoderFolder(): Promise<{ folder: string; file: string }> {
  const folder = join(await temporaryFolder(), 'image_encoder')
  await mkdir(folder)
  const file = join(folder, 'model.safetensors')
  await writeImageEncoder(file)
  return { folder, file }
}

test('config.json tells heads and GELU, of the folder and of the file in it; without it the width does', async () => {
  const { folder, file } = await encoderFolder()
  expect((await openImageEncoder(folder)).config).toEqual(TINY_ENCODER)
  const fields = { model_type: 'clip_vision_model', num_attention_heads: 4, hidden_act: 'gelu', layer_norm_eps: 1e-6 }
  await writeFile(join(folder, 'config.json'), JSON.stringify(fields))
  const told = { ...TINY_ENCODER, headCount: 4, activation: 'gelu', normEps: 1e-6 }
  expect((await openImageEncoder(folder)).config).toEqual(told)
  expect((await openImageEncoder(file)).config).toEqual(told)
})

test.each([
  ['a missing tensor', 'visual_projection.weight', null, /expected tensor visual_projection\.weight, found none/],
  [
    'places that make no square',
    'vision_model.embeddings.position_embedding.weight',
    [7, 16],
    /expected an image encoder of square pictures and even heads, found 7 places/,
  ],
  ['a matrix of another shape', 'vision_model.encoder.layers.1.mlp.fc2.weight', [32, 16], /expected shape \[16, 32\]/],
] as const)('%s is named', async (_, name, shape, sentence) => {
  const { file } = await encoderFolder()
  await editTensors(file, (tensors) => {
    const found = tensors.get(name)
    if (shape === null || !found) tensors.delete(name)
    else tensors.set(name, { ...found, shape, bytes: new Uint8Array(shape[0] * shape[1] * 4) })
  })
  await expect(openImageEncoder(file)).rejects.toThrow(sentence)
})

test('a text encoder is no image encoder', async () => {
  const { file } = await encoderFolder()
  await editTensors(file, (tensors) => {
    for (const [name, tensor] of [...tensors]) {
      tensors.delete(name)
      tensors.set(name.replace('vision_model', 'text_model'), tensor)
    }
  })
  await expect(openImageEncoder(file)).rejects.toThrow(/expected an image encoder's vision_model\.\* or visual\.\*/)
})
