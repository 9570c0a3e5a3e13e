import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { testModels, writeTensors } from '../test-models.ts'
import { readFolderTensors } from './weight-files.ts'

const { temporaryFolder } = testModels(onTestFinished)

const STEM = 'diffusion_pytorch_model'
const SHARDS = [1, 2].map((i) => `${STEM}-0000${i}-of-00002.safetensors`)
const HALF_SHARDS = [1, 2].map((i) => `${STEM}.fp16-0000${i}-of-00002.safetensors`)
const LIST = `${STEM}.safetensors.index.json`
const HALF_LIST = `${STEM}.safetensors.index.fp16.json`
const HALF = `${STEM}.fp16.safetensors`

/** The files that are read of a folder with these; each list names its shards, whether they are there or not. */
async function readOf(names: readonly string[]): Promise<string[]> {
  const folder = await temporaryFolder()
  for (const name of names) {
    const shards = name === LIST ? SHARDS : HALF_SHARDS
    const map = Object.fromEntries(shards.map((shard) => [shard, shard]))
    if (name.endsWith('.json')) await writeFile(join(folder, name), JSON.stringify({ weight_map: map }))
    else await writeTensors(join(folder, name), new Map([[name, { dtype: 'F16', shape: [1], bytes: Buffer.alloc(2) }]]))
  }
  const { entries } = await readFolderTensors(folder, STEM)
  return [...entries.values()].map(({ file }) => basename(file)).sort()
}

it.each([
  ['shards come before one file of half precision', [...SHARDS, LIST, HALF], SHARDS],
  ['shards come before shards of half precision', [...SHARDS, LIST, ...HALF_SHARDS, HALF_LIST], SHARDS],
  ['half precision is taken where of the shards there is the list alone', [LIST, HALF], [HALF]],
  [
    'shards of half precision are taken where of the others some are missing',
    [SHARDS[0] ?? '', LIST, ...HALF_SHARDS, HALF_LIST],
    HALF_SHARDS,
  ],
])('%s', async (_, names, expected) => {
  expect(await readOf(names)).toEqual(expected)
})

it('says which shard is missing where there is nothing else', async () => {
  await expect(readOf([SHARDS[0] ?? '', LIST])).rejects.toThrow(/00002-of-00002\.safetensors: expected a readable/)
})
