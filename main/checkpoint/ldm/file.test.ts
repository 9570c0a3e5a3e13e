import { stat, truncate, writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openCheckpoint } from '../open.ts'
import { SOUND_MODELS, editTensors, renamed, testModels } from '../test-models.ts'

const { copySingleFile } = testModels(onTestFinished)

const failure = (message: RegExp) =>
  expect.objectContaining({
    code: 'checkpoint-unsupported',
    message: expect.stringMatching(message) as string,
  }) as object

describe('a single file', () => {
  it('has its dimensions from names and shapes', async () => {
    const { unet, autoencoder, textEncoders, family, layout } = await openCheckpoint(SOUND_MODELS.singleFile)
    const [textEncoder] = textEncoders
    expect({ family: family.id, layout, tokenizer: textEncoder.tokenizer }).toEqual({
      family: 'sd1',
      layout: 'single-file',
      tokenizer: { kind: 'clip' },
    })
    expect(unet.config).toMatchObject({ blockChannels: [32, 32, 32, 64], layersPerBlock: 2, headCount: [8, 8, 8, 8] })
    expect(unet.config).toMatchObject({
      downTransformerDepth: [1, 1, 1, 0],
      upTransformerDepth: [1, 1, 1, 0],
      crossAttentionDim: 32,
    })
    expect(autoencoder.config).toMatchObject({
      blockChannels: [32, 32, 32, 64],
      scalingFactor: 0.18215,
      normGroups: 32,
    })
    expect(textEncoder.config).toMatchObject({
      vocabularySize: 49408,
      hiddenSize: 32,
      layerCount: 3,
      headCount: 4,
      contextLength: 77,
    })
  })

  it('answers by diffusers names with the place in the file', async () => {
    const { unet, autoencoder } = await openCheckpoint(SOUND_MODELS.singleFile)
    const entry = unet.weights.require('down_blocks.0.attentions.0.proj_in.weight')
    expect(entry).toMatchObject({
      name: 'model.diffusion_model.input_blocks.1.1.proj_in.weight',
      shape: [32, 32, 1, 1],
      dtype: 'F16',
    })
    expect(entry.file).toBe(SOUND_MODELS.singleFile)
    expect(autoencoder.weights.require('decoder.mid_block.attentions.0.to_q.weight').shape).toEqual([
      32 * 2,
      32 * 2,
      1,
      1,
    ])
    expect(unet.weights.find('down_blocks.9.resnets.0.conv1.weight')).toBeUndefined()
    expect(() => unet.weights.require('down_blocks.9.resnets.0.conv1.weight')).toThrow(
      /model\.safetensors: expected tensor model\.diffusion_model\.input_blocks\.28\.0\.in_layers\.2\.weight \(the network's down_blocks/,
    )
  })

  it('takes the noise table of the file, and the usual one where the file has none or a rounded one', async () => {
    const { diffusion } = await openCheckpoint(SOUND_MODELS.singleFile)
    expect(diffusion.trainedBetas).toHaveLength(1000)
    expect(diffusion.trainedBetas?.[0]).toBeCloseTo(0.00085, 9)

    const path = await copySingleFile()
    await editTensors(path, (tensors) =>
      tensors.set('betas', { dtype: 'F16', shape: [1000], bytes: new Uint8Array(2000) }),
    )
    expect((await openCheckpoint(path)).diffusion).toMatchObject({
      predictionType: 'epsilon',
      trainedBetas: null,
      betaStart: 0.00085,
      betaEnd: 0.012,
    })
  })

  it('heeds the configuration beside it', async () => {
    const path = await copySingleFile('other name.safetensors')
    const params =
      'linear_start: 0.001\n    linear_end: 0.01\n    scale_factor: 0.2\n    parameterization: v\n    image_size: 96'
    const unetParams = 'unet_config:\n      params:\n        num_heads: -1\n        num_head_channels: 16'
    await writeFile(path.replace('.safetensors', '.yaml'), `model:\n  params:\n    ${params}\n    ${unetParams}\n`)
    const { unet, autoencoder, diffusion, defaults, name } = await openCheckpoint(path)
    expect(unet.config.headCount).toEqual([2, 2, 2, 4])
    expect(autoencoder.config.scalingFactor).toBe(0.2)
    expect(diffusion).toMatchObject({ predictionType: 'v', betaStart: 0.001, betaEnd: 0.01 })
    expect(defaults).toMatchObject({ widthPx: 768, heightPx: 768, steps: 25, guidanceScale: 7.5 })
    expect(name).toBe('other name')
  })

  it.each([
    ['text that is not YAML', 'model: [', /model\.yaml: expected YAML/],
    [
      'a value out of bounds',
      'model: {params: {linear_start: 7}}',
      /model\.yaml: model: params: linear_start: expected .*, found 7/,
    ],
    [
      'another parameterization',
      'model: {params: {parameterization: flow}}',
      /parameterization: expected .*"v".*, found "flow"/,
    ],
  ])('refuses a configuration beside it with %s', async (_, text, message) => {
    const path = await copySingleFile()
    await writeFile(path.replace('.safetensors', '.yaml'), text)
    await expect(openCheckpoint(path)).rejects.toEqual(failure(message))
  })

  it('believes a trainer that marks it as velocity-predicting', async () => {
    const path = await copySingleFile()
    await editTensors(path, (tensors) => {
      tensors.set('v_pred', { dtype: 'F32', shape: [0], bytes: new Uint8Array() })
      tensors.set('ztsnr', { dtype: 'F32', shape: [0], bytes: new Uint8Array() })
    })
    const { diffusion, defaults } = await openCheckpoint(path)
    expect(diffusion).toMatchObject({ predictionType: 'v', rescaleZeroSnr: true, timestepSpacing: 'trailing' })
    expect(defaults).toMatchObject({ sampler: 'euler', schedule: 'trailing' })
  })

  it('starts from few steps where its name tells of distillation, and says that this is a guess', async () => {
    const { hint, defaults, input } = await openCheckpoint(await copySingleFile('model_lightning_8step.safetensors'))
    expect(hint).toMatch(/^Its name suggests .*Lightning/)
    expect(defaults).toMatchObject({ steps: 8, guidanceScale: 1, schedule: 'trailing' })
    expect(input).toBe('none')
  })

  it.each(['scale_weight', 'weight_scale'])('is refused where weights have a factor beside them (%s)', async (word) => {
    const path = await copySingleFile()
    const name = `model.diffusion_model.input_blocks.1.1.proj_in.${word}`
    await editTensors(path, (tensors) => {
      tensors.set(name, { dtype: 'F32', shape: [], bytes: new Uint8Array(4) })
    })
    await expect(openCheckpoint(path)).rejects.toEqual(
      failure(/expected plain weights, found ones that are scaled by factors beside them \(model\.diff\S+\)/),
    )
  })

  it('is refused when it is marked as trained on continuous levels', async () => {
    const path = await copySingleFile()
    await editTensors(path, (tensors) => {
      tensors.set('edm_vpred.sigma_max', { dtype: 'F32', shape: [0], bytes: new Uint8Array() })
    })
    await expect(openCheckpoint(path)).rejects.toEqual(failure(/continuous levels \(edm_vpred\.sigma_max\)/))
  })

  it('opens beside averaged copies, and without the text_model part of names', async () => {
    const path = await copySingleFile()
    await editTensors(path, (tensors) => {
      renamed(tensors, (name) => name.replace('transformer.text_model.', 'transformer.'))
      tensors.set('model_ema.diffusion_modelout2bias', { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) })
    })
    const [textEncoder] = (await openCheckpoint(path)).textEncoders
    expect(textEncoder.config.layerCount).toBe(3)
    expect(textEncoder.weights.names).toHaveLength(52)
  })

  it('is refused with a text encoder that cannot be', async () => {
    const open = (textEncoder: object) => openCheckpoint(SOUND_MODELS.singleFile, { textEncoders: [textEncoder] })
    await expect(open({ headCount: 5 })).rejects.toEqual(
      failure(/heads: expected a number that divides its width 32, found 5/),
    )
    await expect(open({ contextLength: 2 })).rejects.toEqual(failure(/context: expected room for a token .*, found 2/))
    await expect(open({ vocabularySize: 2014 })).rejects.toEqual(failure(/expected CLIP's 49408 entries, found 2014/))
  })

  it('takes dimensions from someone who knows better', async () => {
    const overrides = { textEncoders: [{ headCount: 2 }] }
    const [textEncoder] = (await openCheckpoint(SOUND_MODELS.singleFile, overrides)).textEncoders
    expect(textEncoder.config).toMatchObject({ headCount: 2, hiddenSize: 32 })
  })

  it.each([
    [
      'without a U-Net',
      (name: string) => !name.startsWith('model.'),
      /expected a model of Stable Diffusion 1 or .*, found what looks like an autoencoder alone/,
    ],
    [
      'without a text encoder',
      (name: string) => !name.startsWith('cond_'),
      /expected the text encoder's tensors \(cond_stage_model\.transformer\.\*\), found none/,
    ],
    [
      'without an autoencoder',
      (name: string) => !name.startsWith('first_'),
      /expected the autoencoder's tensors \(first_stage_model\.encoder\.\*\), found none/,
    ],
    [
      'without one bias',
      (name: string) => !name.endsWith('middle_block.1.norm.bias'),
      /expected 684 tensors of the U-Net, found 683; missing mid_block\.attentions\.0\.norm\.bias$/,
    ],
    [
      'without a level of the decoder',
      (name: string) => !name.includes('decoder.up.2.'),
      /tensors of the autoencoder, found \d+; missing decoder\.up_blocks\.1\.resnets\.0\.norm1\.weight and \d+ more/,
    ],
  ])('is refused %s', async (_, keeps, message) => {
    const path = await copySingleFile()
    await editTensors(path, (tensors) => renamed(tensors, (name) => (keeps(name) ? name : null)))
    await expect(openCheckpoint(path)).rejects.toEqual(failure(message))
  })

  it('is refused with a tensor of another shape or an unreadable type, naming it', async () => {
    const name = 'model.diffusion_model.middle_block.0.in_layers.2.weight'
    const path = await copySingleFile()
    await editTensors(path, (tensors) => {
      const found = tensors.get(name)
      if (found) tensors.set(name, { ...found, shape: [32, 128, 3, 3] })
    })
    await expect(openCheckpoint(path)).rejects.toEqual(
      failure(/middle_block\.0\.in_layers\.2\.weight: expected shape \[64, 64, 3, 3\], found \[32, 128, 3, 3\]/),
    )
    await editTensors(path, (tensors) => {
      const found = tensors.get(name)
      if (found) tensors.set(name, { dtype: 'I8', shape: [64, 64, 3, 3], bytes: found.bytes.subarray(0, 64 * 64 * 9) })
    })
    await expect(openCheckpoint(path)).rejects.toEqual(failure(/expected dtype F16, BF16, .*, found I8/))
  })

  it('is refused when it is cut short', async () => {
    const path = await copySingleFile()
    await truncate(path, (await stat(path)).size - 1)
    await expect(openCheckpoint(path)).rejects.toEqual(
      failure(
        /model\.safetensors: the file is truncated: expected tensor .* to end at byte 8894630, found 8894629 bytes/,
      ),
    )
  })
})
