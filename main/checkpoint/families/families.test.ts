import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openCheckpoint } from '../open.ts'
import { modelInput } from '../input.ts'
import { SOUND_MODELS, editTensors, renamed, testModels, toRefiner, widenInput } from '../test-models.ts'

const { temporaryFolder } = testModels(onTestFinished)

/** A copy of a single file, without the configuration beside it. */
async function copyOf(path: string): Promise<string> {
  const copy = join(await temporaryFolder(), 'model.safetensors')
  await cp(path, copy)
  return copy
}

const empty = { dtype: 'F32', shape: [0], bytes: new Uint8Array() }
/** Heads of the tiny models, which no tensor tells. */
const sd2Heads = { textEncoders: [{ headCount: 2 }] }

describe('Stable Diffusion 2 in a single file', () => {
  it('has the penultimate layer of OpenCLIP, normed, as context, and pads with 0', async () => {
    const { family, unet, textEncoders, diffusion } = await openCheckpoint(SOUND_MODELS.sd2, sd2Heads)
    const [{ config, tokenizer, weights }, ...others] = textEncoders
    expect([family.id, others.length]).toEqual(['sd2', 0])
    expect(config).toMatchObject({ hiddenSize: 24, layerCount: 4, headCount: 2, activation: 'gelu' })
    expect(config).toMatchObject({ skippedLayers: 1, isContextNormed: true })
    expect(config.projection).toEqual({ size: 20, isTransposed: true })
    expect(tokenizer).toEqual({ kind: 'clip', padToken: '!' })
    expect(unet.config).toMatchObject({ hasLinearProjections: true, headCount: [2, 2, 2, 2], vector: null })
    expect(diffusion.predictionType).toBe('v')

    const whole = weights.require('text_model.encoder.layers.1.self_attn.q_proj.weight')
    const key = weights.require('text_model.encoder.layers.1.self_attn.k_proj.weight')
    expect([whole.shape, key.shape]).toEqual([
      [24, 24],
      [24, 24],
    ])
    expect(key.offset - whole.offset).toBe(24 * 24 * 2)
    expect(key.name).toBe('cond_stage_model.model.transformer.resblocks.1.attn.in_proj_weight')
  })

  it('has heads 64 wide where nothing beside it says otherwise', async () => {
    await expect(openCheckpoint(await copyOf(SOUND_MODELS.sd2), sd2Heads)).rejects.toThrow(
      "U-Net's heads of level 0: expected a number that divides 32 channels, found 0.5",
    )
  })

  it('says what it predicts by a mark or by the configuration beside it, and else has to be asked', async () => {
    const path = await copyOf(SOUND_MODELS.sd2)
    const overrides = { ...sd2Heads, unet: { headCount: [2, 2, 2, 2] } }
    const stated = async () => {
      const { diffusion, isPredictionTypeStated, defaults } = await openCheckpoint(path, overrides)
      return [diffusion.predictionType, isPredictionTypeStated, defaults.widthPx]
    }
    expect(await stated()).toEqual(['v', false, 768])
    await writeFile(path.replace('.safetensors', '.yaml'), 'model: {params: {parameterization: eps}}')
    expect(await stated()).toEqual(['epsilon', true, 512])
    await rm(path.replace('.safetensors', '.yaml'))
    await editTensors(path, (tensors) => tensors.set('v_pred', empty))
    expect(await stated()).toEqual(['v', true, 768])
  })

  it('is taken to predict epsilon when it is for inpainting, until the network is asked', async () => {
    const path = await copyOf(SOUND_MODELS.sd2)
    await editTensors(path, (tensors) => {
      widenInput(tensors, 9)
    })
    const found = await openCheckpoint(path, { ...sd2Heads, unet: { headCount: [2, 2, 2, 2] } })
    expect(found).toMatchObject({ input: 'inpaint', isPredictionTypeStated: false, defaults: { widthPx: 512 } })
    expect(found.diffusion.predictionType).toBe('epsilon')
  })
})

describe('Stable Diffusion XL in a single file', () => {
  const heads = { textEncoders: [{ headCount: 2 }, { headCount: 4 }] }

  it('has two text encoders without final norm, and a vector of the second one’s pooled prompt', async () => {
    const { family, unet, autoencoder, textEncoders, defaults } = await openCheckpoint(SOUND_MODELS.sdxl, heads)
    expect(family.id).toBe('sdxl')
    expect(textEncoders.map(({ config }) => [config.hiddenSize, config.activation, config.headCount])).toEqual([
      [16, 'quick_gelu', 2],
      [24, 'gelu', 4],
    ])
    for (const { config } of textEncoders) expect(config).toMatchObject({ skippedLayers: 1, isContextNormed: false })
    expect(textEncoders.map(({ tokenizer }) => tokenizer)).toEqual([{ kind: 'clip' }, { kind: 'clip', padToken: '!' }])
    expect(unet.config).toMatchObject({
      crossAttentionDim: 40,
      vector: { size: 1560, numberWidth: 256 },
      downTransformerDepth: [0, 1, 2],
      middleTransformerDepth: 2,
      headCount: [2, 2, 2],
    })
    expect(autoencoder.config.scalingFactor).toBe(0.13025)
    expect(defaults).toMatchObject({ widthPx: 1024, heightPx: 1024 })
  })

  it('is refused without its second text encoder, or with a vector that it cannot make', async () => {
    const path = await copyOf(SOUND_MODELS.sdxl)
    await editTensors(path, (tensors) => {
      renamed(tensors, (name) => (name.startsWith('conditioner.embedders.1.') ? null : name))
    })
    await expect(openCheckpoint(path)).rejects.toThrow(
      "expected the second text encoder's tensors (conditioner.embedders.1.model.*), found none",
    )
    const vector = { size: 1048, numberWidth: 256 }
    await expect(openCheckpoint(SOUND_MODELS.sdxl, { ...heads, unet: { vector } })).rejects.toThrow(
      "U-Net's added vector: expected 1560, a pooled vector of 24 and 6 numbers of 256, found 1048",
    )
  })
})

describe('the refiner of Stable Diffusion XL', () => {
  it('has OpenCLIP alone, and a vector with a score in place of the target’s size', async () => {
    const path = await copyOf(SOUND_MODELS.sdxl)
    await editTensors(path, toRefiner)
    const { family, unet, textEncoders, autoencoder } = await openCheckpoint(path, {
      textEncoders: [{ headCount: 4 }],
      unet: { headCount: [2, 2, 2] },
    })
    expect(family.id).toBe('sdxl-refiner')
    expect(textEncoders).toHaveLength(1)
    expect(textEncoders[0].config).toMatchObject({ hiddenSize: 24, skippedLayers: 1, isContextNormed: false })
    expect(unet.config).toMatchObject({ crossAttentionDim: 24, vector: { size: 1304, numberWidth: 256 } })
    expect(autoencoder.config.scalingFactor).toBe(0.13025)
  })
})

it.each([
  [9, 'inpaint'],
  [8, 'instruct'],
  [4, 'none'],
])('a U-Net of %d channels opens: %s', async (channels, input) => {
  const path = await copyOf(SOUND_MODELS.singleFile)
  await editTensors(path, (tensors) => {
    widenInput(tensors, channels)
  })
  const { unet, autoencoder } = await openCheckpoint(path)
  expect(modelInput(unet.config.inChannels, autoencoder.config.latentChannels)).toBe(input)
})

it('a U-Net of a number of channels that no known model has is refused', async () => {
  const path = await copyOf(SOUND_MODELS.singleFile)
  await editTensors(path, (tensors) => {
    widenInput(tensors, 7)
  })
  await expect(openCheckpoint(path)).rejects.toThrow(
    "the U-Net's input channels: expected 4, as the latent has, 8 with a picture to edit or 9 with one to repaint, found 7",
  )
})
