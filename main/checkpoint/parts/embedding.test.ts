import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readTensorIndex } from '../file-kind.ts'
import { valueCount } from '../tensor-index.ts'
import { testModels, writeTensors } from '../test-models.ts'
import type { StoredTensor } from '../test-models.ts'
import { embeddingWord, openEmbedding } from './embedding.ts'

const { temporaryFolder } = testModels(onTestFinished)

const vectors = (shape: readonly number[], value: number): StoredTensor => {
  const values = new Float32Array(valueCount(shape)).fill(value)
  return { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) }
}
const count: StoredTensor = { dtype: 'I64', shape: [1], bytes: new Uint8Array(8) }

async function fileOf(tensors: Readonly<Record<string, StoredTensor>>): Promise<string> {
  const path = join(await temporaryFolder(), 'cat.safetensors')
  await writeTensors(path, new Map(Object.entries(tensors)))
  return path
}

describe('for one text encoder', () => {
  it.each([
    ['AUTOMATIC1111', { emb_params: vectors([2, 768], 0.5) }, 2],
    [
      'AUTOMATIC1111, as torch saves it',
      { 'string_to_param.*': vectors([3, 768], 0.5), 'string_to_token.*': count },
      3,
    ],
    ['diffusers', { '<cat-toy>': vectors([768], 0.5) }, 1],
  ])('%s', async (_, tensors: Readonly<Record<string, StoredTensor>>, rows) => {
    const [found, ...others] = await openEmbedding(await fileOf(tensors), [768])
    expect(others).toEqual([])
    expect(found?.shape).toEqual([rows, 768])
    expect(found?.data.every((value) => value === 0.5)).toBe(true)
  })
})

it('for two text encoders, each gets the vectors of its width, whatever the order in the file', async () => {
  const path = await fileOf({ clip_g: vectors([2, 1280], 2), clip_l: vectors([2, 768], 1) })
  const found = await openEmbedding(path, [768, 1280])
  expect(found.map(({ shape, data }) => [shape, data[0]])).toEqual([
    [[2, 768], 1],
    [[2, 1280], 2],
  ])
})

it.each([
  ['of another width', { emb_params: vectors([2, 1024], 0) }, [768], 'of 768 values, as the model', 'found 1024'],
  ['for one encoder of two', { emb_params: vectors([2, 768], 0) }, [768, 1280], 'of 768 and 1280 values', 'found 768'],
  [
    'for two encoders of one',
    { clip_l: vectors([2, 768], 0), clip_g: vectors([2, 1280], 0) },
    [768],
    'of 768 values',
    'found 768 and 1280',
  ],
])('one %s is refused by both widths', async (_, tensors: Readonly<Record<string, StoredTensor>>, widths, ...words) => {
  const opening = openEmbedding(await fileOf(tensors), widths)
  await expect(opening).rejects.toMatchObject({ code: 'invalid-request' })
  for (const word of words) await expect(opening).rejects.toThrow(word)
})

it('diffusers’ files say the word that calls them', async () => {
  const wordOf = async (tensors: Readonly<Record<string, StoredTensor>>) =>
    embeddingWord((await readTensorIndex(await fileOf(tensors))).entries)
  expect(await wordOf({ '<cat-toy>': vectors([768], 0) })).toBe('<cat-toy>')
  expect(await wordOf({ emb_params: vectors([768], 0) })).toBeNull()
  expect(await wordOf({ '<a>': vectors([768], 0), '<b>': vectors([768], 0) })).toBeNull()
})

it('other files and uneven ones are refused', async () => {
  await expect(openEmbedding(await fileOf({ step: count }), [768])).rejects.toThrow(
    'expected the vectors of words, found step',
  )
  const uneven = { clip_l: vectors([2, 768], 0), clip_g: vectors([3, 1280], 0) }
  await expect(openEmbedding(await fileOf(uneven), [768, 1280])).rejects.toThrow('equally many vectors')
})
