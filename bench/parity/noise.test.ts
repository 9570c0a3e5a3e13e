import { join } from 'node:path'
import { expect, test } from 'vitest'
import { noiseCases } from './noise.ts'

const fixtures = join(import.meta.dirname, 'fixtures')

test('every draw of the other generators agrees', async () => {
  const cases = (await noiseCases(join(fixtures, 'noise'))) ?? []
  expect(cases).toHaveLength(70)
  for (const parityCase of cases) {
    const outcome = await parityCase.run()
    expect('error' in outcome && outcome.error <= outcome.tolerance ? 'agrees' : { ...parityCase, outcome }).toBe(
      'agrees',
    )
  }
})

test('folders of other references are not taken for noise', async () => {
  expect(await noiseCases(join(fixtures, 'samplers', 'diffusers'))).toBeNull()
  expect(await noiseCases(fixtures)).toBeNull()
})
