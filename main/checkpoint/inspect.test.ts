import { join } from 'node:path'
import { rm, writeFile } from 'node:fs/promises'
import { expect, it, onTestFinished } from 'vitest'
import { inspect } from './inspect.ts'
import { SOUND_MODELS, editTensors, testModels, writeTensors } from './test-models.ts'

const { copyDiffusers, copySingleFile, temporaryFolder } = testModels(onTestFinished)

const tiny = { dtype: 'F16', shape: [1], bytes: new Uint8Array(2) }

it.each([
  [SOUND_MODELS.singleFile, 'sd1', 1],
  [SOUND_MODELS.diffusers, 'sd1', 1],
  [SOUND_MODELS.starter, 'sd1', 1],
  [SOUND_MODELS.sd2, 'sd2', 1],
  [SOUND_MODELS.sdxl, 'sdxl', 2],
])('knows what every tensor of %s is for', async (path, family, encoders) => {
  const found = await inspect(path)
  expect(found).toMatchObject({ path, family, missing: [], unused: [], looksLike: null, problem: null })
  expect(found.components.map(({ name }) => name)).toEqual([
    'U-Net',
    'autoencoder',
    ...['text encoder', 'second text encoder'].slice(0, encoders),
  ])
})

it('counts tensors, values and bytes', async () => {
  const found = await inspect(SOUND_MODELS.starter)
  expect(found).toMatchObject({
    layout: 'diffusers',
    familyName: 'Stable Diffusion 1',
    predictionType: 'v',
    tensorCount: 590,
  })
  expect(found).toMatchObject({ dtypes: { F16: 590 }, parameters: 24_747_227, sizeBytes: 49_560_886 })
  expect(found.components[0]).toEqual({
    name: 'U-Net',
    tensorCount: 366,
    parameters: 21_007_940,
    sizeBytes: 42_015_880,
  })
})

it('lists what is missing, and what nothing uses', async () => {
  const path = await copySingleFile()
  await editTensors(path, (tensors) => {
    tensors.delete('first_stage_model.quant_conv.bias')
    tensors.delete('cond_stage_model.transformer.text_model.final_layer_norm.weight')
    tensors.set('model.diffusion_model.surprise.weight', tiny)
    tensors.set('model_ema.diffusion_modelout2bias', tiny)
  })
  const { missing, unused, problem, family } = await inspect(path)
  expect(missing).toEqual(['autoencoder: quant_conv.bias', 'text encoder: text_model.final_layer_norm.weight'])
  expect(unused).toEqual(['model.diffusion_model.surprise.weight'])
  expect(problem).toMatch(/expected 244 tensors of the autoencoder, found 243; missing quant_conv\.bias$/)
  expect(family).toBe('sd1')
})

it('tells what is left of a folder without its text encoder', async () => {
  const folder = await copyDiffusers()
  await rm(join(folder, 'text_encoder/model.safetensors'))
  const { family, components, missing, problem } = await inspect(folder)
  expect(family).toBe('sd1')
  expect(components.map(({ tensorCount }) => tensorCount)).toEqual([682, 240, 0])
  expect(missing).toHaveLength(52)
  expect(problem).toMatch(/text_encoder: expected model\.safetensors, found config\.json$/)
})

const LACKS = 'but lacks its U-Net (model.diffusion_model.*)'
const NOT_RUN = 'which is not run yet'
const PART = 'which joins a model and is none by itself'

it.each([
  ['lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight', 'a LoRA', PART],
  ['unet.down_blocks.0.attentions.0.to_q.lora_A.weight', 'a LoRA', PART],
  ['conditioner.embedders.0.transformer.text_model.final_layer_norm.bias', 'Stable Diffusion XL', LACKS],
  ['cond_stage_model.model.ln_final.weight', 'Stable Diffusion 2', LACKS],
  ['conditioner.embedders.0.model.ln_final.weight', 'the refiner of Stable Diffusion XL', LACKS],
  ['model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight', 'Stable Diffusion 3', NOT_RUN],
  ['double_blocks.0.img_attn.qkv.weight', 'Flux', NOT_RUN],
  ['single_transformer_blocks.0.attn.to_q.weight', 'Flux', NOT_RUN],
  ['model.diffusion_model.clf.1.weight', 'Stable Cascade', NOT_RUN],
  ['t_block.1.weight', 'PixArt', NOT_RUN],
  ['blocks.0.cross_attn.norm_k.weight', 'Wan', NOT_RUN],
  ['double_layers.0.attn.w1q.weight', 'AuraFlow', NOT_RUN],
  ['mlp_t5.0.weight', 'Hunyuan DiT', NOT_RUN],
  ['model.diffusion_model.input_blocks.1.1.time_stack.0.attn1.to_q.weight', 'Stable Video Diffusion', NOT_RUN],
  ['control_model.input_blocks.0.0.weight', 'a ControlNet', PART],
  ['image_proj.proj.weight', 'an IP-Adapter', PART],
  ['decoder.conv_in.weight', 'an autoencoder alone', PART],
  ['down_blocks.0.resnets.0.conv1.weight', 'a U-Net without its text encoder and autoencoder', PART],
  ['down_blocks.0.motion_modules.0.temporal_transformer.norm.weight', 'a motion module of AnimateDiff', PART],
  ['text_model.embeddings.token_embedding.weight', 'a text encoder alone', PART],
  ['emb_params', 'a textual inversion embedding', PART],
  ['string_to_param.*', 'a textual inversion embedding', PART],
])('sees in %s that a file looks like %s', async (name, what, verdict) => {
  const path = join(await temporaryFolder(), 'weights.safetensors')
  await writeTensors(path, new Map([[name, tiny]]))
  const found = await inspect(path)
  expect(found).toMatchObject({ layout: 'single-file', family: null, tensorCount: 1, dtypes: { F16: 1 } })
  expect(found.looksLike).toBe(`By its tensors' names this looks like ${what}.`)
  expect(found.problem).toContain(`found what looks like ${what}, ${verdict}`)
})

it('tells a folder of networks alone from any other', async () => {
  const folder = await copyDiffusers()
  for (const name of ['model_index.json', 'scheduler', 'tokenizer', 'text_encoder']) {
    await rm(join(folder, name), { recursive: true })
  }
  const { problem } = await inspect(folder)
  expect(problem).toContain('found networks alone (unet, vae), without what says how they join')
})

it('describes what cannot be read, and fails only where nothing lies', async () => {
  const folder = await temporaryFolder()
  expect(await inspect(folder)).toMatchObject({
    layout: null,
    problem: expect.stringContaining('model_index.json') as string,
  })
  const path = join(folder, 'model.safetensors')
  await writeFile(path, '\u0089HDF and more', 'latin1')
  expect(await inspect(path)).toMatchObject({
    sizeBytes: 13,
    tensorCount: 0,
    looksLike: null,
    problem: expect.stringContaining('an HDF5 file') as string,
  })
  await expect(inspect(join(folder, 'none'))).rejects.toMatchObject({ code: 'model-missing' })
})
