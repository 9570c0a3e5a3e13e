import { join } from 'node:path'
import { expect, test } from 'vitest'
import { promptCases } from './prompts.ts'

test('prompts are read, cut and weighted as the original does', async () => {
  const cases = (await promptCases(join(import.meta.dirname, 'fixtures/prompt-weighting'))) ?? []
  expect(cases.length).toBeGreaterThan(100)
  for (const parityCase of cases) {
    const outcome = await parityCase.run()
    if ('skipped' in outcome) throw new Error(`${parityCase.name} was skipped: ${outcome.skipped}`)
    expect(outcome.error, parityCase.name).toBeLessThanOrEqual(outcome.tolerance)
  }
})
