import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { UnetConfig } from '../config.ts'
import { readTensorIndex } from '../file-kind.ts'
import { openCheckpoint } from '../open.ts'
import { editTensors, SOUND_MODELS, testModels, writeTensors } from '../test-models.ts'
import type { StoredTensor } from '../test-models.ts'
import { torchBytes } from '../torch/test-writer.ts'
import type { Saved } from '../torch/test-writer.ts'
import { crossAttentions, neededEncoder, openIpAdapter } from './ip-adapter.ts'
import type { ImageProjection } from './ip-adapter.ts'
import { writeIpAdapter } from './test-image-prompt.ts'

const { temporaryFolder } = testModels(onTestFinished)
const LINEAR = { kind: 'linear', inSize: 6, tokens: 4 } as const

let unet: UnetConfig

beforeAll(async () => {
  unet = (await openCheckpoint(SOUND_MODELS.singleFile)).unet.config
})

async function adapterFile(projection: ImageProjection = LINEAR): Promise<string> {
  const path = join(await temporaryFolder(), 'adapter.safetensors')
  await writeIpAdapter(path, { projection, crossAttentionDim: unet.crossAttentionDim }, unet)
  return path
}

test('Stable Diffusion 1 has 16 cross-attentions, and XL 70: down, up, middle', () => {
  const sd1 = {
    ...unet,
    blockChannels: [320, 640, 1280, 1280],
    downTransformerDepth: [1, 1, 1, 0],
    upTransformerDepth: [1, 1, 1, 0],
  }
  const names = crossAttentions(sd1).map(({ name }) => name)
  expect(names).toHaveLength(16)
  expect(names[0]).toBe('down_blocks.0.attentions.0.transformer_blocks.0.attn2')
  expect(names[6]).toBe('up_blocks.1.attentions.0.transformer_blocks.0.attn2')
  expect(names[15]).toBe('mid_block.attentions.0.transformer_blocks.0.attn2')
  const depths = { downTransformerDepth: [0, 2, 10], upTransformerDepth: [0, 2, 10], middleTransformerDepth: 10 }
  const sdxl = crossAttentions({ ...unet, ...depths, blockChannels: [320, 640, 1280] })
  expect(sdxl).toHaveLength(70)
  expect(sdxl.map(({ channels }) => channels).slice(0, 5)).toEqual([640, 640, 640, 640, 1280])
})

test('an adapter says which encoder it needs', async () => {
  const open = async (projection: ImageProjection) => openIpAdapter(await adapterFile(projection), unet)
  expect(neededEncoder((await open(LINEAR)).config)).toEqual({ output: 'embedding', width: 6 })
  const full = await open({ kind: 'mlp', inSize: 16, hiddenSize: 20 })
  expect(neededEncoder(full.config)).toEqual({ output: 'hidden', width: 16 })
})

test('a torch file, which holds one dict in the other, is the same adapter', async () => {
  const path = await adapterFile()
  const { entries } = await readTensorIndex(path)
  const bytes = await readFile(path)
  const halves = ['image_proj', 'ip_adapter'].map((half): [string, Saved] => {
    const inside = [...entries.values()].filter(({ name }) => name.startsWith(`${half}.`))
    const tensors = inside.map(({ name, shape, sizeBytes }): [string, Saved] => [
      name.slice(half.length + 1),
      { storage: name, type: 'FloatStorage', elements: sizeBytes / 4, shape },
    ])
    return [half, new Map(tensors)]
  })
  const storages = [...entries.values()].map(
    ({ name, offset, sizeBytes }) => [name, bytes.subarray(offset, offset + sizeBytes)] as const,
  )
  const torch = path.replace('.safetensors', '.bin')
  await writeFile(torch, torchBytes(new Map(halves), new Map(storages)))
  const [one, other] = [await openIpAdapter(path, unet), await openIpAdapter(torch, unet)]
  expect(other.config).toEqual(one.config)
  expect(other.weights.names).toEqual(one.weights.names)
  const { offset, sizeBytes } = other.weights.require('ip_adapter.31.to_v_ip.weight')
  const own = one.weights.require('ip_adapter.31.to_v_ip.weight')
  const found = (await readFile(torch)).subarray(offset, offset + sizeBytes)
  expect(found.equals(bytes.subarray(own.offset, own.offset + own.sizeBytes))).toBe(true)
})

test('an adapter of another family is refused by its context', async () => {
  const sdxl = (await openCheckpoint(SOUND_MODELS.sdxl)).unet.config
  await expect(openIpAdapter(await adapterFile(), sdxl)).rejects.toThrow(/a context \d+ wide, found 32/)
})

test('a perceiver whose heads are not 64 wide is refused', async () => {
  const sizes = { tokens: 2, width: 8, depth: 1, innerSize: 48, feedForwardSize: 8 }
  const path = await adapterFile({ kind: 'resampler', inSize: 16, ...sizes })
  await expect(openIpAdapter(path, unet)).rejects.toThrow(/expected a multiple of 64 rows.*, found 48/)
})

test('a missing tensor is named', async () => {
  const path = await adapterFile()
  await editTensors(path, (tensors) => tensors.delete('ip_adapter.31.to_v_ip.weight'))
  await expect(openIpAdapter(path, unet)).rejects.toThrow(/expected tensor ip_adapter\.31\.to_v_ip\.weight, found none/)
})

describe('what is no adapter of CLIP is refused by its name', () => {
  const none: StoredTensor = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) }
  test.each([
    [
      'an IP-Adapter FaceID',
      ['image_proj.proj.0.weight', 'image_proj.norm.weight', 'ip_adapter.0.to_q_lora.down.weight'],
    ],
    ['an IP-Adapter FaceID', ['image_proj.perceiver_resampler.proj_in.weight', 'image_proj.norm.weight']],
    ['image_proj.other', ['image_proj.other']],
  ])('%s', async (what, names) => {
    const path = join(await temporaryFolder(), 'adapter.safetensors')
    await writeTensors(path, new Map(names.map((name) => [name, none])))
    await expect(openIpAdapter(path, unet)).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      message: expect.stringContaining(what) as string,
    })
  })

  test('an InstantID adapter', async () => {
    const path = await adapterFile({
      kind: 'resampler',
      inSize: 512,
      tokens: 2,
      width: 8,
      depth: 1,
      innerSize: 64,
      feedForwardSize: 8,
    })
    await expect(openIpAdapter(path, unet)).rejects.toThrow(/found an InstantID adapter/)
  })
})
