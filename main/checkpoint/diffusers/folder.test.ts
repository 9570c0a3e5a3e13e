import { cp, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openCheckpoint } from '../open.ts'
import { asTorch } from '../test-formats.ts'
import { SOUND_MODELS, editJson, editTensors, renamed, testModels } from '../test-models.ts'

const { copyDiffusers } = testModels(onTestFinished)

const failure = (message: RegExp) =>
  expect.objectContaining({
    code: 'checkpoint-unsupported',
    message: expect.stringMatching(message) as string,
  }) as object

describe('a diffusers folder', () => {
  it('opens a trained model with attention at the deepest levels alone', async () => {
    const { unet, autoencoder, diffusion, defaults, name, familyName, family } = await openCheckpoint(
      SOUND_MODELS.starter,
    )
    expect(unet.config).toMatchObject({
      layersPerBlock: 1,
      downTransformerDepth: [0, 0, 1, 1],
      upTransformerDepth: [0, 0, 1, 1],
    })
    expect(autoencoder.config).toMatchObject({ blockChannels: [16, 32, 96], normGroups: 1 })
    expect(diffusion).toMatchObject({
      predictionType: 'v',
      betaSchedule: 'squaredcos_cap_v2',
      timestepSpacing: 'trailing',
      setAlphaToOne: true,
    })
    expect({ name, familyName, family: family.id }).toEqual({
      name: 'Starter',
      familyName: 'Small latent diffusion',
      family: 'sd1',
    })
    expect(defaults).toEqual({
      widthPx: 128,
      heightPx: 128,
      steps: 25,
      guidanceScale: 4,
      sampler: 'ddim',
      schedule: 'normal',
    })
    expect(unet.weights.names).toHaveLength(366)
  })

  it('has its own vocabulary and noise process', async () => {
    const { textEncoders, diffusion } = await openCheckpoint(SOUND_MODELS.diffusers)
    const [{ tokenizer }] = textEncoders
    expect(tokenizer).toMatchObject({
      kind: 'folder',
      mergesPath: join(SOUND_MODELS.diffusers, 'tokenizer', 'merges.txt'),
    })
    expect(tokenizer).toMatchObject({
      bosToken: '<|startoftext|>',
      eosToken: '<|endoftext|>',
      padToken: '<|endoftext|>',
    })
    expect(diffusion).toEqual({
      predictionType: 'epsilon',
      trainTimesteps: 1000,
      betaSchedule: 'scaled_linear',
      betaStart: 0.00085,
      betaEnd: 0.012,
      trainedBetas: null,
      rescaleZeroSnr: false,
      timestepSpacing: 'leading',
      stepsOffset: 1,
      setAlphaToOne: false,
    })
  })

  it('opens with the fp16 variant of its weights', async () => {
    const folder = await copyDiffusers()
    await rename(
      join(folder, 'unet/diffusion_pytorch_model.safetensors'),
      join(folder, 'unet/diffusion_pytorch_model.fp16.safetensors'),
    )
    await rename(join(folder, 'text_encoder/model.safetensors'), join(folder, 'text_encoder/model.fp16.safetensors'))
    const { unet } = await openCheckpoint(folder)
    expect(unet.weights.require('conv_in.weight').file).toBe(
      join(folder, 'unet/diffusion_pytorch_model.fp16.safetensors'),
    )
  })

  it('opens with its weights in shards', async () => {
    const folder = await copyDiffusers()
    const stem = join(folder, 'unet/diffusion_pytorch_model')
    const map: Record<string, string> = {}
    for (const [shard, isIn] of [
      ['1', (name: string) => name < 'm'],
      ['2', (name: string) => name >= 'm'],
    ] as const) {
      const file = `diffusion_pytorch_model-0000${shard}-of-00002.safetensors`
      await cp(`${stem}.safetensors`, join(folder, 'unet', file))
      await editTensors(join(folder, 'unet', file), (tensors) => {
        renamed(tensors, (name) => (isIn(name) ? name : null))
        for (const name of tensors.keys()) map[name] = file
      })
    }
    await rm(`${stem}.safetensors`)
    await writeFile(`${stem}.safetensors.index.json`, JSON.stringify({ metadata: {}, weight_map: map }))
    expect((await openCheckpoint(folder)).unet.weights.names).toHaveLength(682)

    await writeFile(
      `${stem}.safetensors.index.json`,
      JSON.stringify({ weight_map: { a: '../../elsewhere.safetensors' } }),
    )
    await expect(openCheckpoint(folder)).rejects.toEqual(
      failure(/expected files of its own folder, found \.\.\/\.\.\/elsewhere/),
    )
  })

  it("accepts the autoencoder's names and shapes of older files", async () => {
    const folder = await copyDiffusers()
    const older = [
      ['to_q.', 'query.'],
      ['to_k.', 'key.'],
      ['to_v.', 'value.'],
      ['to_out.0.', 'proj_attn.'],
    ] as const
    await editTensors(join(folder, 'vae/diffusion_pytorch_model.safetensors'), (tensors) => {
      renamed(tensors, (name) =>
        older.reduce(
          (renaming, [now, before]) => renaming.replace(`attentions.0.${now}`, `attentions.0.${before}`),
          name,
        ),
      )
      for (const tensor of tensors.values()) if (tensor.shape.length === 2) tensor.shape = [...tensor.shape, 1, 1]
    })
    const { autoencoder } = await openCheckpoint(folder)
    const entry = autoencoder.weights.require('encoder.mid_block.attentions.0.to_out.0.weight')
    expect(entry).toMatchObject({ name: 'encoder.mid_block.attentions.0.proj_attn.weight', shape: [32, 32, 1, 1] })
  })

  it('takes linear layers around attention for Stable Diffusion 2', async () => {
    const folder = await copyDiffusers()
    await editJson(join(folder, 'unet/config.json'), { use_linear_projection: true, attention_head_dim: [1, 2, 4, 4] })
    const { family, unet } = await openCheckpoint(folder)
    expect(family.id).toBe('sd2')
    expect(unet.config.headCount).toEqual([1, 2, 4, 4])
  })

  it('is named by its repository in a cache of snapshots, whose files are links', async () => {
    const folder = await copyDiffusers('blobs')
    const snapshots = join(folder, '../models--someone--a-model/snapshots')
    await mkdir(snapshots, { recursive: true })
    await symlink(folder, join(snapshots, '0123abcd'), 'junction')
    expect((await openCheckpoint(join(snapshots, '0123abcd'))).name).toBe('a-model')
  })

  it.each([
    [
      'unet/diffusion_pytorch_model.safetensors',
      /unet: expected diffusion_pytorch_model\.safetensors, found config\.json/,
    ],
    ['unet', /unet.config\.json: expected a readable configuration file, found none/],
    ['vae/config.json', /vae.config\.json: expected a readable/],
    ['text_encoder/model.safetensors', /text_encoder: expected model\.safetensors, found config\.json/],
    ['tokenizer/merges.txt', /tokenizer.merges\.txt: expected a CLIP tokenizer's file, found none/],
    ['scheduler/scheduler_config.json', /scheduler_config\.json: expected a readable/],
    [
      'model_index.json',
      /expected a model's folder with model_index\.json, found networks alone \(text_encoder, unet, vae\)/,
    ],
  ])('is refused without %s', async (path, message) => {
    const folder = await copyDiffusers()
    await rm(join(folder, path), { recursive: true })
    await expect(openCheckpoint(folder)).rejects.toEqual(failure(message))
  })

  it('reads what torch saved, where there is no .safetensors', async () => {
    const folder = await copyDiffusers()
    const expected = await openCheckpoint(folder)
    for (const [from, to] of [
      ['unet/diffusion_pytorch_model.safetensors', 'unet/diffusion_pytorch_model.bin'],
      ['text_encoder/model.safetensors', 'text_encoder/pytorch_model.bin'],
    ] as const) {
      await writeFile(join(folder, to), await asTorch(join(folder, from)))
      await rm(join(folder, from))
    }
    const { unet, textEncoders } = await openCheckpoint(folder)
    expect(unet.weights.names).toEqual(expected.unet.weights.names)
    expect(unet.weights.require('conv_in.weight').file).toMatch(/diffusion_pytorch_model\.bin$/)
    expect(textEncoders[0].weights.names).toEqual(expected.textEncoders[0].weights.names)
  })

  it('refuses a pickle in the place of weights', async () => {
    const folder = await copyDiffusers()
    await rm(join(folder, 'unet/diffusion_pytorch_model.safetensors'))
    await writeFile(join(folder, 'unet/diffusion_pytorch_model.bin'), Buffer.from('\x80\x02cos\nsystem\n', 'latin1'))
    await expect(openCheckpoint(folder)).rejects.toEqual(failure(/a pickled file, which could run code/))
  })

  it.each([
    [
      'model_index.json',
      { _class_name: 'StableDiffusion3Pipeline' },
      /expected a pipeline of StableDiffusionPipeline or .*, found StableDiffusion3Pipeline/,
    ],
    [
      'model_index.json',
      { unet: ['diffusers', 'UNetSpatioTemporalConditionModel'] },
      /unet: expected UNet2DConditionModel, found UNetSpatio/,
    ],
    ['model_index.json', { vae: undefined }, /vae: expected AutoencoderKL, found none/],
    ['unet/config.json', { in_channels: 7 }, /the U-Net's input channels: expected 4, as the latent has, .*, found 7/],
    [
      'unet/config.json',
      { cross_attention_dim: 64 },
      /cross-attention width: expected 32, as the text encoder has, found 64/,
    ],
    [
      'unet/config.json',
      { norm_num_groups: 24 },
      /the U-Net's channels: expected a multiple of its 24 norm groups, found 32/,
    ],
    [
      'unet/config.json',
      { attention_head_dim: 5 },
      /heads of level 0: expected a number that divides 32 channels, found 5/,
    ],
    [
      'unet/config.json',
      { layers_per_block: 3 },
      /expected \d+ tensors of the U-Net, found \d+; missing down_blocks\.0\.resnets\.2/,
    ],
    [
      'unet/config.json',
      { block_out_channels: [32, 32, 32, 64] },
      /down_blocks\.3\.resnets\.0\.conv1\.weight: expected shape \[64, 32, 3, 3\], found \[32, 32, 3, 3\]/,
    ],
  ])('is refused when %s says %j', async (file, changes, message) => {
    const folder = await copyDiffusers()
    await editJson(join(folder, file), changes)
    await expect(openCheckpoint(folder)).rejects.toEqual(failure(message))
  })
})
