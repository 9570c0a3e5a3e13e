import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pipelineCases } from './pipelines.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')

test.each([
  ['tiny-sd2-ldm', ['context of the prompts', 'ddim latents', 'ddim estimates', 'ddim picture']],
  [
    'tiny-sdxl',
    [
      'context of the prompts',
      'vector of the prompts',
      'euler latents',
      'euler picture',
      'dpmpp2m latents',
      'dpmpp2m picture',
    ],
  ],
])('whole runs of %s are the original’s, from words to pictures', async (folder, names) => {
  const cases = (await pipelineCases(join(FIXTURES, folder))) ?? []
  expect(cases.map(({ name }) => name)).toEqual(names)
  for (const parityCase of cases) {
    const outcome = await parityCase.run()
    if ('skipped' in outcome) throw new Error(`${parityCase.name}: ${outcome.skipped}`)
    expect(outcome.error, parityCase.name).toBeLessThan(outcome.tolerance)
  }
})
