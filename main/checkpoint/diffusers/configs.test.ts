import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SD1_UNET } from '../test-configs.ts'
import { testModels } from '../test-models.ts'
import { readAutoencoderConfig } from './autoencoder-config.ts'
import { readSchedulerConfig } from './scheduler-config.ts'
import { readTextEncoderConfig } from './text-encoder-config.ts'
import { readTokenizerSource } from './tokenizer.ts'
import { readUnetConfig } from './unet-config.ts'

const { temporaryFolder } = testModels(onTestFinished)

async function file(content: object | string, name = 'config.json'): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('readUnetConfig', () => {
  it('gives what a file leaves out the default of diffusers', async () => {
    const { config, sampleSize } = await readUnetConfig(await file({ _class_name: 'UNet2DConditionModel' }))
    expect(sampleSize).toBeNull()
    expect(config).toEqual({ ...SD1_UNET, crossAttentionDim: 1280 })
  })

  it('reads what joins the time embedding', async () => {
    const fields = { addition_embed_type: 'text_time', projection_class_embeddings_input_dim: 2816 }
    const { config } = await readUnetConfig(
      await file({ ...fields, addition_time_embed_dim: 256, time_cond_proj_dim: 512 }),
    )
    expect(config).toMatchObject({ vector: { size: 2816, numberWidth: 256 }, guidanceSize: 512 })
  })

  it('reads lists with one entry a level, and the way up from its other end', async () => {
    const { config } = await readUnetConfig(
      await file({
        block_out_channels: [32, 64, 96],
        down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
        up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D', 'UpBlock2D'],
        transformer_layers_per_block: [1, 2, 3],
        attention_head_dim: [2, 4, 6],
        layers_per_block: [2, 2, 2],
        use_linear_projection: true,
      }),
    )
    expect(config).toMatchObject({
      downTransformerDepth: [0, 2, 3],
      upTransformerDepth: [0, 0, 3],
      middleTransformerDepth: 3,
    })
    expect(config).toMatchObject({ headCount: [2, 4, 6], layersPerBlock: 2, hasLinearProjections: true })
  })

  it.each([
    [{ act_fn: 'gelu' }, 'act_fn: expected "silu" or "swish", found "gelu"'],
    [{ addition_embed_type: 'image' }, 'addition_embed_type: expected'],
    [{ addition_embed_type: 'text_time' }, 'projection_class_embeddings_input_dim: expected the size of the vector'],
    [{ resnet_time_scale_shift: 'scale_shift' }, 'resnet_time_scale_shift: expected "default", found "scale_shift"'],
    [{ mid_block_type: 'UNetMidBlock2DSimpleCrossAttn' }, 'mid_block_type: expected "UNetMidBlock2DCrossAttn", found'],
    [
      { down_block_types: ['DownBlock2D', 'AttnDownBlock2D', 'DownBlock2D', 'DownBlock2D'] },
      'down_block_types: expected DownBlock2D or CrossAttnDownBlock2D, found "AttnDownBlock2D"',
    ],
    [
      { up_block_types: ['DownBlock2D', 'UpBlock2D', 'UpBlock2D', 'UpBlock2D'] },
      'up_block_types: expected UpBlock2D or CrossAttnUpBlock2D, found "DownBlock2D"',
    ],
    [
      { down_block_types: ['DownBlock2D'] },
      'down_block_types: expected 4 entries, as block_out_channels has, found ["DownBlock2D"]',
    ],
    [{ layers_per_block: [1, 2, 2, 2] }, 'layers_per_block: expected the same value for all levels, found [1,2,2,2]'],
    [{ attention_head_dim: [8, 8] }, 'attention_head_dim: expected 4 entries, one a level, found [8,8]'],
    [{ layers_per_block: 1e9 }, 'layers_per_block: expected number to be <=100, found 1000000000'],
    [{ block_out_channels: 'wide' }, 'block_out_channels: expected array, found "wide"'],
    [{ block_out_channels: [32, -1] }, 'block_out_channels: 1: expected number to be >=1, found -1'],
  ])('refuses %j, naming the field', async (content, message) => {
    const path = await file(content)
    await expect(readUnetConfig(path)).rejects.toMatchObject({ code: 'checkpoint-unsupported' })
    await expect(readUnetConfig(path)).rejects.toThrow(`${path}: ${message}`)
  })

  it('refuses what is no JSON', async () => {
    await expect(readUnetConfig(await file('{'))).rejects.toThrow(
      'config.json: expected JSON, found text that does not parse',
    )
    await expect(readUnetConfig(await file('[]'))).rejects.toThrow('config.json: expected object, found []')
  })
})

describe('readAutoencoderConfig', () => {
  it.each([
    [{ _class_name: 'AutoencoderTiny' }, '_class_name: expected "AutoencoderKL", found "AutoencoderTiny"'],
    [{ shift_factor: 0.1 }, 'shift_factor: expected null, found 0.1'],
    [
      { block_out_channels: [32, 64], down_block_types: ['DownEncoderBlock2D', 'AttnDownEncoderBlock2D'] },
      'down_block_types: expected 2 times DownEncoderBlock2D, found',
    ],
    [{ use_quant_conv: false }, 'use_post_quant_conv: expected false, as use_quant_conv, found true'],
    [{ out_channels: 4 }, 'out_channels: expected 3, as in_channels, found 4'],
    [{ scaling_factor: 0 }, 'scaling_factor: expected number to be >0, found 0'],
  ])('refuses %j, naming the field', async (content, message) => {
    await expect(readAutoencoderConfig(await file(content))).rejects.toThrow(message)
  })

  it('reads files of the time before scaling factors and quantising convolutions were written down', async () => {
    const config = await readAutoencoderConfig(await file({ block_out_channels: [128, 256], layers_per_block: 2 }))
    expect(config).toMatchObject({
      scalingFactor: 0.18215,
      hasQuantConv: true,
      hasMiddleAttention: true,
      latentChannels: 4,
    })
  })
})

describe('readTextEncoderConfig', () => {
  it('refuses another model or activation', async () => {
    await expect(readTextEncoderConfig(await file({ model_type: 't5' }))).rejects.toThrow(
      'model_type: expected "clip_text_model" or "clip", found "t5"',
    )
    await expect(readTextEncoderConfig(await file({ hidden_act: 'relu' }))).rejects.toThrow(
      /hidden_act: expected one of .*, found "relu"/,
    )
  })
})

describe('readSchedulerConfig', () => {
  it.each([
    [{ _class_name: 'PNDMScheduler' }, { timestepSpacing: 'leading', setAlphaToOne: false }],
    [{ _class_name: 'DDIMScheduler' }, { timestepSpacing: 'leading', setAlphaToOne: true }],
    [{ _class_name: 'EulerDiscreteScheduler' }, { timestepSpacing: 'linspace', setAlphaToOne: true, stepsOffset: 0 }],
    [{ _class_name: 'SASolverScheduler' }, { timestepSpacing: 'linspace' }],
    [{ _class_name: 'DPMSolverSDEScheduler' }, { timestepSpacing: 'linspace' }],
    [
      { timestep_spacing: 'trailing', steps_offset: 1, set_alpha_to_one: false },
      { timestepSpacing: 'trailing', stepsOffset: 1, setAlphaToOne: false },
    ],
    [{}, { predictionType: 'epsilon', trainTimesteps: 1000, betaSchedule: 'linear', betaStart: 0.0001, betaEnd: 0.02 }],
    [
      { prediction_type: 'v_prediction', rescale_betas_zero_snr: true },
      { predictionType: 'v', rescaleZeroSnr: true },
    ],
    [{ trained_betas: [0.1, 0.2] }, { trainedBetas: [0.1, 0.2], trainTimesteps: 2 }],
  ])('reads %j as diffusers does', async (content, expected) => {
    expect(await readSchedulerConfig(await file(content))).toMatchObject(expected)
  })

  it.each([
    [{ _class_name: 'FlowMatchEulerDiscreteScheduler' }, '_class_name: expected "DDIMScheduler" or'],
    [{ prediction_type: 'flow' }, 'prediction_type: expected one of "epsilon"|"v_prediction"|"sample", found "flow"'],
    [{ beta_schedule: 'sigmoid' }, 'beta_schedule: expected one of'],
    [{ num_train_timesteps: 0 }, 'num_train_timesteps: expected number to be >=1, found 0'],
  ])('refuses %j, naming the field', async (content, message) => {
    await expect(readSchedulerConfig(await file(content))).rejects.toThrow(message)
  })
})

describe('readTokenizerSource', () => {
  it('takes special tokens as text or objects, from either file', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'vocab.json'), '{}')
    await writeFile(join(folder, 'merges.txt'), '')
    expect(await readTokenizerSource(folder)).toMatchObject({
      bosToken: '<|startoftext|>',
      eosToken: '<|endoftext|>',
      padToken: '<|endoftext|>',
    })
    await writeFile(
      join(folder, 'special_tokens_map.json'),
      JSON.stringify({ pad_token: '!', eos_token: { content: '</s>' } }),
    )
    await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ bos_token: '<s>', unk_token: null }))
    expect(await readTokenizerSource(folder)).toMatchObject({
      bosToken: '<s>',
      eosToken: '</s>',
      padToken: '!',
      unknownToken: '</s>',
    })
  })

  it('takes CLIP’s own vocabulary where tokenizer.json alone is there and has it, padded as the folder says', async () => {
    const folder = await temporaryFolder()
    const write = (entries: number) => {
      const words = Array.from({ length: entries - 2 }, (_, i): [string, number] => [`w${i}`, i])
      const vocab: Record<string, number> = Object.fromEntries([
        ...words,
        ['<|startoftext|>', entries - 2],
        ['<|endoftext|>', entries - 1],
      ])
      return writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ model: { type: 'BPE', vocab, merges: [] } }))
    }
    await write(49408)
    expect(await readTokenizerSource(folder)).toEqual({ kind: 'clip', padToken: '<|endoftext|>' })
    await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ pad_token: '!' }))
    expect(await readTokenizerSource(folder)).toEqual({ kind: 'clip', padToken: '!' })
    await write(1000)
    await expect(readTokenizerSource(folder)).rejects.toThrow(
      /tokenizer\.json: expected CLIP's 49408 entries, or a vocab\.json and merges\.txt beside it, found 1000 entries/,
    )
  })
})
