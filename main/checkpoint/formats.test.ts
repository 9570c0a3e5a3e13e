import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readTensorIndex } from './file-kind.ts'
import { inspect } from './inspect.ts'
import { openCheckpoint } from './open.ts'
import { asGguf, asTorch } from './test-formats.ts'
import { SOUND_MODELS, testModels } from './test-models.ts'

const { temporaryFolder } = testModels(onTestFinished)
const original = SOUND_MODELS.singleFile

async function written(bytes: Buffer, name: string): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, bytes)
  return path
}

describe.each([
  ['torch’s .ckpt', asTorch, 'model.ckpt'],
  ['torch’s, named .safetensors', asTorch, 'model.safetensors'],
  ['GGUF', asGguf, 'model.gguf'],
  ['GGUF, named .ckpt', asGguf, 'model.ckpt'],
])('a model as %s', (_, convert, name) => {
  it('has the tensors of the same model as .safetensors, byte for byte', async () => {
    const path = await written(await convert(original), name)
    const [found, expected] = [await readTensorIndex(path), await readTensorIndex(original)]
    const [bytes, expectedBytes] = [await readFile(path), await readFile(original)]
    expect(found.entries.size).toBe(expected.entries.size)
    for (const { name, dtype, shape, offset, sizeBytes } of expected.entries.values()) {
      const entry = found.entries.get(name)
      expect(entry).toMatchObject({ name, dtype, shape, sizeBytes, file: path })
      const data = bytes.subarray(entry?.offset, (entry?.offset ?? 0) + sizeBytes)
      expect(data.equals(expectedBytes.subarray(offset, offset + sizeBytes))).toBe(true)
    }
  })

  it('opens as the same model', async () => {
    const path = await written(await convert(original), name)
    await writeFile(join(path, '../model.yaml'), await readFile(join(original, '../model.yaml')))
    const [found, expected] = [await openCheckpoint(path), await openCheckpoint(original)]
    expect(found.unet.config).toEqual(expected.unet.config)
    expect(found.autoencoder.config).toEqual(expected.autoencoder.config)
    expect(found.textEncoders[0].config).toEqual(expected.textEncoders[0].config)
    expect(found.diffusion).toEqual(expected.diffusion)
    expect(await inspect(path)).toMatchObject({ missing: [], unused: [], problem: null })
  })
})

it('opens a model of Q8_0 blocks', async () => {
  const path = await written(await asGguf(original, true), 'model.gguf')
  const { dtypes, problem } = await inspect(path)
  expect(problem).toBeNull()
  expect(dtypes['Q8_0']).toBeGreaterThan(100)
})
