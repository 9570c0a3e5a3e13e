import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { GenerationRequest } from '../main/contract/generation.ts'
import { openWildcards } from './wildcards.ts'

const REQUEST: GenerationRequest = {
  model: 'starter',
  prompt: 'a __colour__ __animals/*__',
  negativePrompt: '{blurry|dark}',
  seed: 8,
  steps: 4,
  guidanceScale: 4,
  widthPx: 128,
  heightPx: 128,
  sampler: 'ddim',
  schedule: 'normal',
  init: null,
}

async function testWildcards() {
  const folder = await mkdtemp(join(tmpdir(), 'latent-studio-wildcards-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'animals'))
  await writeFile(join(folder, 'colour.txt'), '# of the rainbow\nred\r\n\ngreen\n')
  await writeFile(join(folder, 'animals', 'cats.txt'), 'tiger')
  await writeFile(join(folder, 'animals', 'dogs.txt'), 'wolf')
  return openWildcards(folder)
}

test('the files are known by their names, also of folders', async () => {
  expect((await testWildcards()).names()).toEqual(['animals/cats', 'animals/dogs', 'colour'])
})

test('a request’s choices are made by its seed, and its templates stay with it', async () => {
  const { expand } = await testWildcards()
  const found = new Set(Array.from({ length: 60 }, (_, seed) => expand({ ...REQUEST, seed }).prompt))
  expect([...found].sort()).toEqual(['a green tiger', 'a green wolf', 'a red tiger', 'a red wolf'])
  const made = expand(REQUEST)
  expect(made).toEqual(expand(REQUEST))
  expect(['blurry', 'dark']).toContain(made.negativePrompt)
  expect(made.template).toEqual({ prompt: REQUEST.prompt, negativePrompt: REQUEST.negativePrompt })
})

test('a file that is not there is refused by its name', async () => {
  const { expand } = await testWildcards()
  expect(() => expand({ ...REQUEST, prompt: '__lost__' })).toThrow('expected a wildcard file "lost"')
  expect(() => expand({ ...REQUEST, negativePrompt: '__lost__' })).toThrow(
    expect.objectContaining({ field: 'request.negativePrompt' }),
  )
})
