import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { ParityCase } from './case.ts'
import { networkCases } from './networks.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')

async function casesOf(folder: string): Promise<ParityCase[]> {
  const cases = await networkCases(folder)
  if (cases === null) throw new Error(`expected network references in ${folder}, found none`)
  return cases
}

async function results(cases: readonly ParityCase[]) {
  const failed: string[] = []
  const skipped: string[] = []
  for (const parityCase of cases) {
    const outcome = await parityCase.run()
    if ('skipped' in outcome) skipped.push(`${parityCase.name}: ${outcome.skipped}`)
    else if (!(outcome.error <= outcome.tolerance)) failed.push(`${parityCase.name}: ${outcome.error}`)
  }
  return { failed, skipped }
}

/** A copy of a fixture under another name, to be changed. */
async function copyOf(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parity-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const copy = join(folder, `renamed ${basename(name)}`)
  await cp(join(FIXTURES, name), copy, { recursive: true })
  return copy
}

test('every pass of the single-file model is the original’s', async () => {
  const cases = await casesOf(join(FIXTURES, 'tiny-sd1-ldm'))
  const count = (pattern: RegExp) => cases.filter(({ name }) => pattern.test(name)).length
  expect(count(/^unet case\d\.eps$/)).toBe(6)
  expect(count(/^unet case0 (?:time_embed|input_blocks\.\d+|middle_block|output_blocks\.\d+)$/)).toBe(26)
  expect(count(/^text encoder /)).toBe(8)
  expect(count(/^vae enc\d\.(?:moments|mean|logvar|std)$/)).toBe(8)
  expect(count(/^vae dec\d\.image(?:_from_scaled)?$/)).toBe(4)
  expect(cases).toHaveLength(52)
  expect(await results(cases)).toEqual({ failed: [], skipped: [] })
})

test('every pass of the diffusers model is the original’s', async () => {
  const cases = await casesOf(join(FIXTURES, 'tiny-sd1-diffusers'))
  expect(cases).toHaveLength(4 + 7 + 6)
  expect(await results(cases)).toEqual({ failed: [], skipped: [] })
})

test.each([
  ['tiny-sd2-ldm', 4 + 8],
  ['tiny-sdxl', 4 + 2 + 3 + 2],
])('every pass of %s is the original’s', async (folder, count) => {
  const cases = await casesOf(join(FIXTURES, folder))
  expect(cases).toHaveLength(count)
  expect(await results(cases)).toEqual({ failed: [], skipped: [] })
})

test('a folder is known by what is in it, not by its name', async () => {
  const cases = await casesOf(await copyOf('tiny-sd1-ldm'))
  expect(cases).toHaveLength(52)
})

test('other weights than the reference’s are noticed', async () => {
  const folder = await copyOf('tiny-sd1-ldm')
  const model = join(folder, 'model.safetensors')
  const bytes = await readFile(model)
  // The last bytes of the file belong to some network's weights.
  bytes.fill(0, bytes.length - 200_000)
  await writeFile(model, bytes)
  const { failed } = await results(await casesOf(folder))
  expect(failed.length).toBeGreaterThan(0)
})

test('a model of a family that is run, but broken, fails instead of being skipped', async () => {
  const folder = await copyOf('tiny-sd1-ldm')
  await truncate(join(folder, 'model.safetensors'), 1_000_000)
  const [only] = await casesOf(folder)
  await expect(only?.run()).rejects.toThrow(/model\.safetensors/)
})

test('folders of other kinds are left to others', async () => {
  expect(await networkCases(join(FIXTURES, 'tokenizer'))).toBeNull()
  expect(await networkCases(join(FIXTURES, 'samplers', 'k-diffusion'))).toBeNull()
})
