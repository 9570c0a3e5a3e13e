import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readSafetensors, readTensor } from '../checkpoint/safetensors.ts'
import { SOUND_MODELS, editTensors, renamed, testModels, writeTensors } from '../checkpoint/test-models.ts'
import type { StoredTensor } from '../checkpoint/test-models.ts'
import { factor, writeLora } from '../network/test-lora.ts'
import { SDXL_HEADS, joiningModels } from './test-joined.ts'

const { temporaryFolder } = testModels(onTestFinished)
const testModel = joiningModels(onTestFinished)

describe('LoRAs', () => {
  const UNET = 'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q'
  const TEXT = 'lora_te_text_model_encoder_layers_0_mlp_fc1'
  async function style(): Promise<Record<string, string>> {
    const path = await writeLora(join(await temporaryFolder(), 'style.safetensors'), {
      [`${UNET}.lora_up.weight`]: factor(1, [64, 4]),
      [`${UNET}.lora_down.weight`]: factor(2, [4, 64]),
      [`${TEXT}.lora_up.weight`]: factor(3, [128, 4]),
      [`${TEXT}.lora_down.weight`]: factor(4, [4, 32]),
    })
    return { style: path }
  }

  test('change what is made; without them, or at weight 0, it is byte for byte as before', async () => {
    const { join: joinWith, predicted } = await testModel()
    const partPaths = await style()
    const before = (await predicted()).data
    await joinWith({ loras: [{ id: 'style', weight: 1 }] }, { partPaths })
    const changed = (await predicted()).data
    expect(changed).not.toEqual(before)
    await joinWith({ loras: [{ id: 'style', weight: 0.5 }] }, { partPaths })
    expect((await predicted()).data).not.toEqual(changed)
    await joinWith({ loras: [{ id: 'style', weight: 0 }] }, { partPaths })
    expect((await predicted()).data).toEqual(before)
    await joinWith({})
    expect((await predicted()).data).toEqual(before)
  })

  test('written anew between two pictures are read anew', async () => {
    const { join: joinWith, predicted } = await testModel()
    const partPaths = await style()
    const loras = [{ id: 'style', weight: 1 }]
    await joinWith({ loras }, { partPaths })
    const before = (await predicted()).data
    await writeLora(partPaths['style'] ?? '', {
      [`${UNET}.lora_up.weight`]: factor(5, [64, 2]),
      [`${UNET}.lora_down.weight`]: factor(6, [2, 64]),
    })
    await joinWith({ loras }, { partPaths })
    expect((await predicted()).data).not.toEqual(before)
  })

  test('gone between two pictures are missed at their row', async () => {
    const { join: joinWith } = await testModel()
    const partPaths = await style()
    const loras = [{ id: 'style', weight: 1 }]
    await joinWith({ loras }, { partPaths })
    await rm(partPaths['style'] ?? '')
    await expect(joinWith({ loras }, { partPaths })).rejects.toMatchObject({ field: 'loras.0.id' })
  })

  test('networks that they leave alone stay open', async () => {
    const { join: joinWith, isTextEncoderOpen, encoded } = await testModel()
    const partPaths = await style()
    const before = await encoded('a red apple')
    await joinWith({ loras: [{ id: 'style', weight: 1, textWeight: 0 }] }, { partPaths })
    expect(await isTextEncoderOpen()).toBe(true)
    await joinWith({ loras: [{ id: 'style', weight: 1, textWeight: 0.5 }] }, { partPaths })
    expect(await isTextEncoderOpen()).toBe(false)
    expect((await encoded('a red apple')).context.data).not.toEqual(before.context.data)
  })

  test('of another kind of model are refused, and the model stays as it was', async () => {
    const { join: joinWith, predicted } = await testModel()
    const before = (await predicted()).data
    const path = await writeLora(join(await temporaryFolder(), 'xl.safetensors'), {
      'lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_k.lora_up.weight': factor(1, [32, 1]),
      'lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_k.lora_down.weight': factor(2, [1, 2048]),
    })
    const loras = [{ id: 'xl', weight: 1 }]
    await expect(joinWith({ loras }, { partPaths: { xl: path } })).rejects.toMatchObject({ field: 'loras.0.id' })
    await expect(joinWith({ loras })).rejects.toMatchObject({ code: 'model-missing' })
    expect((await predicted()).data).toEqual(before)
  })
})

describe('words of one’s own', () => {
  /** An embedding whose vectors are those of "red apple", of the model's own tables. */
  async function embedding(checkpoint: string, tables: Readonly<Record<string, string>>): Promise<string> {
    const RED_APPLE = [736, 3055]
    const { entries } = await readSafetensors(checkpoint)
    const tensors = new Map<string, StoredTensor>()
    for (const [name, table] of Object.entries(tables)) {
      const entry = entries.get(table)
      if (!entry) throw new Error(`expected ${table}`)
      const { shape, data } = await readTensor(entry)
      const width = shape[1] ?? 0
      const rows = RED_APPLE.map((id) => data.slice(id * width, (id + 1) * width))
      const bytes = Buffer.concat(rows.map((row) => new Uint8Array(row.buffer)))
      tensors.set(name, { dtype: 'F32', shape: [2, width], bytes })
    }
    const path = join(await temporaryFolder(), 'fruit.safetensors')
    await writeTensors(path, tensors)
    return path
  }
  const SD1_TABLE = 'cond_stage_model.transformer.text_model.embeddings.token_embedding.weight'
  const SDXL_TABLES = {
    clip_l: 'conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight',
    clip_g: 'conditioner.embedders.1.model.token_embedding.weight',
  }

  test('with the vectors of known words are encoded as those words are', async () => {
    const { join: joinWith, encoded } = await testModel()
    const expected = await encoded('a red apple, sky')
    const path = await embedding(SOUND_MODELS.singleFile, { emb_params: SD1_TABLE })
    const prompt = 'a Fruit, sky'
    expect((await encoded(prompt)).context.data).not.toEqual(expected.context.data)
    await joinWith(
      { prompt },
      {
        embeddings: [
          { name: 'fruit', path },
          { name: 'unnamed', path: 'nowhere' },
        ],
      },
    )
    expect((await encoded(prompt)).context.data).toEqual(expected.context.data)
    expect((await encoded('a embedding:fruit, sky')).context.data).toEqual(expected.context.data)
    await joinWith({ prompt: 'a sky' }, { embeddings: [{ name: 'fruit', path }] })
    expect((await encoded(prompt)).context.data).not.toEqual(expected.context.data)
  })

  test('of SD XL go to both text encoders, and the end of the text stays where it is', async () => {
    const { join: joinWith, encoded } = await testModel(SOUND_MODELS.sdxl, SDXL_HEADS)
    const expected = await encoded('a red apple, sky')
    const path = await embedding(SOUND_MODELS.sdxl, SDXL_TABLES)
    await joinWith({ negativePrompt: 'fruit' }, { embeddings: [{ name: 'fruit', path }] })
    const found = await encoded('a <fruit>, sky')
    expect(found.context.data).toEqual(expected.context.data)
    expect(found.pooled?.data).toEqual(expected.pooled?.data)
  })

  test('of another kind of model are refused at the prompt that calls them', async () => {
    const { join: joinWith } = await testModel()
    const path = await embedding(SOUND_MODELS.sdxl, SDXL_TABLES)
    const embeddings = [{ name: 'fruit', path }]
    await expect(joinWith({ negativePrompt: 'fruit' }, { embeddings })).rejects.toMatchObject({
      code: 'invalid-request',
      field: 'negativePrompt',
    })
    await joinWith({ negativePrompt: 'fruits' }, { embeddings })
  })
})

describe('CLIP skip', () => {
  test('1 is the last layer: what SD 1 listens to; 2 is what SD XL does', async () => {
    for (const [path, usual, overrides] of [
      [SOUND_MODELS.singleFile, 1, {}],
      [SOUND_MODELS.sdxl, 2, SDXL_HEADS],
    ] as const) {
      const { join: joinWith, encoded } = await testModel(path, overrides)
      const before = await encoded('a red apple')
      await joinWith({ clipSkip: usual })
      expect((await encoded('a red apple')).context.data).toEqual(before.context.data)
      await joinWith({ clipSkip: 3 - usual })
      const skipped = await encoded('a red apple')
      expect(skipped.context.data).not.toEqual(before.context.data)
      expect(skipped.pooled?.data).toEqual(before.pooled?.data)
    }
  })

  test('beyond the first layer is refused at its field', async () => {
    const { join: joinWith } = await testModel()
    await expect(joinWith({ clipSkip: 4 })).rejects.toMatchObject({ code: 'invalid-request', field: 'clipSkip' })
  })
})

describe('another autoencoder', () => {
  async function ownAutoencoder(edit: (tensors: Map<string, StoredTensor>) => void): Promise<Record<string, string>> {
    const path = join(await temporaryFolder(), 'vae.safetensors')
    await copyFile(SOUND_MODELS.singleFile, path)
    await editTensors(path, (tensors) => {
      renamed(tensors, (name) => (name.startsWith('first_stage_model.') ? name.slice(18) : null))
      edit(tensors)
    })
    return { vae: path }
  }

  test('decodes instead of the model’s own; the same one makes the same picture', async () => {
    const { join: joinWith, decoded, isTextEncoderOpen } = await testModel()
    const before = await decoded()
    await isTextEncoderOpen()
    await joinWith({ vae: 'vae' }, { partPaths: await ownAutoencoder(() => undefined) })
    expect((await decoded()).data).toEqual(before.data)
    const partPaths = await ownAutoencoder((tensors) => {
      const bias = tensors.get('decoder.conv_out.bias')
      if (bias) tensors.set('decoder.conv_out.bias', { ...bias, bytes: new Uint8Array(bias.bytes.length) })
    })
    await joinWith({ vae: 'vae' }, { partPaths })
    expect((await decoded()).data).not.toEqual(before.data)
    expect(await isTextEncoderOpen()).toBe(true)
  })

  test('of other latent channels is refused at its field', async () => {
    const { join: joinWith } = await testModel()
    const partPaths = await ownAutoencoder((tensors) => {
      for (const [name, shape] of [
        ['decoder.conv_in.weight', [32, 16, 3, 3]],
        ['encoder.conv_out.weight', [32, 32, 3, 3]],
        ['encoder.conv_out.bias', [32]],
        ['quant_conv.weight', [32, 32, 1, 1]],
        ['quant_conv.bias', [32]],
        ['post_quant_conv.weight', [16, 16, 1, 1]],
        ['post_quant_conv.bias', [16]],
      ] as const) {
        const found = tensors.get(name)
        const values = shape.reduce<number>((all, size) => all * size, 1)
        // The deepest level of the tiny model is 64 wide.
        const isDeep = name === 'decoder.conv_in.weight' || name === 'encoder.conv_out.weight'
        const bytes = new Uint8Array(2 * values * (isDeep ? 2 : 1))
        const wide = name === 'decoder.conv_in.weight' ? [64, 16, 3, 3] : [32, 64, 3, 3]
        if (found) tensors.set(name, { ...found, shape: isDeep ? wide : shape, bytes })
      }
    })
    const joining = joinWith({ vae: 'vae' }, { partPaths })
    await expect(joining).rejects.toThrow('expected an autoencoder of 4 latent channels, as the model has, found 16')
    await expect(joining).rejects.toMatchObject({ code: 'invalid-request', field: 'vae' })
  })

  describe('that is tiny', () => {
    const layer = (seed: number, shape: readonly number[]) => factor(seed, shape, 0.3)
    /** Three doublings or halvings, no blocks but one a resolution. */
    async function half(folder: string, name: 'encoder' | 'decoder'): Promise<string> {
      const tensors: Record<string, ReturnType<typeof layer>> = {}
      const isDecoder = name === 'decoder'
      let at = isDecoder ? 1 : 0
      const conv = (stem: string, out: number, inputs: number, hasBias = true) => {
        tensors[`${stem}.weight`] = layer(at, [out, inputs, 3, 3])
        if (hasBias) tensors[`${stem}.bias`] = layer(at + 90, [out])
      }
      conv(String(at), 2, isDecoder ? 4 : 3)
      at += isDecoder ? 2 : 1
      for (let level = 0; level < 4; level++) {
        for (const inner of [0, 2, 4]) conv(`${at}.conv.${inner}`, 2, 2)
        at += 1
        if (level === 3) continue
        if (isDecoder) at += 1
        conv(String(at++), 2, 2, false)
      }
      conv(String(at), isDecoder ? 3 : 4, 2)
      return writeLora(join(folder, `taesd_${name}.safetensors`), tensors)
    }

    test('takes latents in the U-Net’s scale, and gives one without deviation for a picture', async () => {
      const { join: joinWith, decoded, model } = await testModel()
      const folder = await temporaryFolder()
      const partPaths = { vae: await half(folder, 'decoder') }
      await joinWith({ vae: 'vae' }, { partPaths })
      const picture = await decoded()
      expect(picture.shape).toEqual([1, 3, 64, 64])
      await expect(model.encoder()).rejects.toMatchObject({ code: 'invalid-request', field: 'vae' })

      await joinWith({})
      await half(folder, 'encoder')
      await joinWith({ vae: 'vae' }, { partPaths })
      const { mean, deviation } = await (await model.encoder())(picture)
      expect(mean.shape).toEqual([1, 4, 8, 8])
      expect(new Set(deviation.data)).toEqual(new Set([0]))
    })
  })
})
