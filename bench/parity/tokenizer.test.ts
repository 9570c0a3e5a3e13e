import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Outcome } from './case.ts'
import { tokenizerCases } from './tokenizer.ts'

const fixtures = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))

async function run(folder: string): Promise<[string, Outcome][]> {
  const cases = (await tokenizerCases(folder)) ?? []
  return Promise.all(
    cases.map(async (parityCase): Promise<[string, Outcome]> => [parityCase.name, await parityCase.run()]),
  )
}

async function folderWith(cases: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tokenizer-parity-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'cases.json'), JSON.stringify({ cases }))
  return folder
}

describe('tokenizerCases', () => {
  it.each([
    ['tokenizer', 218],
    ['tiny-sd1-ldm', 1],
    ['tiny-sd1-diffusers', 1],
  ])('agrees with the originals in %s', async (name, count) => {
    const outcomes = await run(fixtures(name))
    expect(outcomes).toHaveLength(count)
    expect(outcomes.filter(([, outcome]) => 'skipped' in outcome || outcome.error > 0)).toEqual([])
  })

  it('counts the references that differ, and skips only text that was wrongly decoded', async () => {
    const wrong = { openai: [1], transformers_slow_with_ftfy: 'same', transformers_slow_without_ftfy: [320] }
    const folder = await folderWith([
      { text: 'a', ...wrong },
      { text: 'РџСЂРёРІРµС‚', ...wrong },
    ])
    expect(await run(folder)).toEqual([
      ['"a"', { error: 2, tolerance: 0 }],
      ['"РџСЂРёРІРµС‚"', { skipped: expect.stringContaining('ftfy') as string }],
    ])
  })

  it('leaves folders of another kind to others', async () => {
    expect(await tokenizerCases(fixtures('samplers/k-diffusion'))).toBeNull()
    expect(await tokenizerCases(await folderWith([{ text: 'a', fields: [] }]))).toBeNull()
  })
})
