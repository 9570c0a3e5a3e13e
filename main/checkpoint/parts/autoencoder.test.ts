import { copyFile, cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { AutoencoderConfig } from '../config.ts'
import { openCheckpoint } from '../open.ts'
import { valueCount } from '../tensor-index.ts'
import { SOUND_MODELS, editJson, editTensors, renamed, testModels, writeTensors } from '../test-models.ts'
import type { StoredTensor } from '../test-models.ts'
import { openAutoencoder } from './autoencoder.ts'

const { temporaryFolder } = testModels(onTestFinished)
const OWN_SCALE = 0.13

let ldm: AutoencoderConfig
let diffusers: AutoencoderConfig

beforeAll(async () => {
  ldm = (await openCheckpoint(SOUND_MODELS.singleFile)).autoencoder.config
  diffusers = (await openCheckpoint(SOUND_MODELS.diffusers)).autoencoder.config
})

async function configOf(path: string): Promise<AutoencoderConfig> {
  const opened = await openAutoencoder(path, OWN_SCALE)
  if (opened.kind !== 'full') throw new Error('expected a whole autoencoder')
  return opened.component.config
}

/** The autoencoder of the single-file model by itself. */
async function ldmFile(rename: (name: string) => string): Promise<string> {
  const path = join(await temporaryFolder(), 'vae.safetensors')
  await copyFile(SOUND_MODELS.singleFile, path)
  await editTensors(path, (tensors) => {
    renamed(tensors, (name) => (name.startsWith('first_stage_model.') ? rename(name) : null))
  })
  return path
}

describe('of the original’s names', () => {
  it.each([
    ['with their prefix', (name: string) => name],
    ['without', (name: string) => name.replace('first_stage_model.', '')],
  ])('%s, it has the scaling factor of the model that it joins', async (_, rename) => {
    expect(await configOf(await ldmFile(rename))).toEqual({ ...ldm, scalingFactor: OWN_SCALE })
  })

  it('in a whole model, that model’s is taken', async () => {
    expect(await configOf(SOUND_MODELS.singleFile)).toEqual({ ...ldm, scalingFactor: OWN_SCALE })
  })
})

describe('of diffusers’ names', () => {
  async function folder(): Promise<string> {
    const path = join(await temporaryFolder(), 'vae')
    await cp(join(SOUND_MODELS.diffusers, 'vae'), path, { recursive: true })
    return path
  }

  it('a folder says its own scaling factor', async () => {
    const path = await folder()
    await editJson(join(path, 'config.json'), { scaling_factor: 0.5 })
    expect(await configOf(path)).toEqual({ ...diffusers, scalingFactor: 0.5 })
  })

  it('a file alone is counted in its tensors', async () => {
    const path = await folder()
    await rm(join(path, 'config.json'))
    const file = join(path, 'diffusion_pytorch_model.safetensors')
    expect(await configOf(file)).toEqual({ ...diffusers, scalingFactor: OWN_SCALE })
  })

  it('a file that lacks a tensor is refused by its name', async () => {
    const path = await folder()
    const file = join(path, 'diffusion_pytorch_model.safetensors')
    await editTensors(file, (tensors) => tensors.delete('decoder.conv_out.bias'))
    await expect(openAutoencoder(path, 1)).rejects.toThrow('expected tensor decoder.conv_out.bias, found none')
  })
})

describe('a tiny one', () => {
  const layer = (shape: readonly number[]): StoredTensor => {
    return { dtype: 'F32', shape, bytes: new Uint8Array(4 * valueCount(shape)) }
  }
  /** Two resolutions of one block each. */
  function half(
    name: 'encoder' | 'decoder',
    prefix = '',
    first = name === 'decoder' ? 1 : 0,
  ): Map<string, StoredTensor> {
    const tensors = new Map<string, StoredTensor>()
    const conv = (at: string, out: number, inputs: number, hasBias: boolean) => {
      tensors.set(`${prefix}${at}.weight`, layer([out, inputs, 3, 3]))
      if (hasBias) tensors.set(`${prefix}${at}.bias`, layer([out]))
    }
    const isDecoder = name === 'decoder'
    const steps = isDecoder
      ? ['in', 'relu', 'block', 'up', 'conv', 'block', 'out']
      : ['in', 'block', 'conv', 'block', 'out']
    for (const [i, step] of steps.entries()) {
      const at = String(first + i)
      if (step === 'in') conv(at, 2, isDecoder ? 4 : 3, true)
      if (step === 'conv') conv(at, 2, 2, false)
      if (step === 'out') conv(at, isDecoder ? 3 : 4, 2, true)
      if (step === 'block') for (const inner of [0, 2, 4]) conv(`${at}.conv.${inner}`, 2, 2, true)
    }
    return tensors
  }

  it('of one file, its encoder beside it, whichever of the two is named', async () => {
    const folder = await temporaryFolder()
    const [decoder, encoder] = [join(folder, 'taesd_decoder.safetensors'), join(folder, 'taesd_encoder.safetensors')]
    await writeTensors(decoder, half('decoder'))
    expect(await openAutoencoder(decoder, 1)).toMatchObject({ kind: 'tiny', encoder: null })
    await writeTensors(encoder, half('encoder'))
    for (const path of [decoder, encoder]) {
      const found = await openAutoencoder(path, 1)
      const config = { imageChannels: 3, latentChannels: 4, channels: 2, blocks: [1, 1] }
      expect(found).toMatchObject({ kind: 'tiny', decoder: { config }, encoder: { config } })
    }
    await rm(decoder)
    await expect(openAutoencoder(encoder, 1)).rejects.toThrow(
      'expected the decoder of a tiny autoencoder, found an encoder alone',
    )
  })

  it('of diffusers’ names, both halves in one file', async () => {
    const path = join(await temporaryFolder(), 'tiny.safetensors')
    await writeTensors(
      path,
      new Map([...half('encoder', 'encoder.layers.', 0), ...half('decoder', 'decoder.layers.', 0)]),
    )
    const found = await openAutoencoder(path, 1)
    expect(found).toMatchObject({
      kind: 'tiny',
      decoder: { config: { blocks: [1, 1] } },
      encoder: { config: { channels: 2 } },
    })
  })
})

it('another file is refused by what it holds', async () => {
  const path = join(await temporaryFolder(), 'other.safetensors')
  await writeTensors(path, new Map([['w', { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) }]]))
  await expect(openAutoencoder(path, 1)).rejects.toThrow('expected the tensors of an autoencoder, found w')
  await expect(openAutoencoder(join(path, 'gone'), 1)).rejects.toMatchObject({ code: 'model-missing' })
})
