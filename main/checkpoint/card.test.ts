import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { LIMITS } from '../contract/generation.ts'
import type { ModelDefaults } from '../contract/model.ts'
import { modelDefaults, readCard } from './card.ts'
import { testModels } from './test-models.ts'

const { temporaryFolder } = testModels(onTestFinished)

const family: ModelDefaults = {
  widthPx: 512,
  heightPx: 512,
  steps: 25,
  guidanceScale: 7.5,
  sampler: 'dpmpp-2m',
  schedule: 'karras',
}

it.each([
  ['its family when nothing else is said', null, {}, {}],
  ['the size it was trained at', 768, {}, { widthPx: 768, heightPx: 768 }],
  ['a size the studio can draw', 8192, {}, { widthPx: LIMITS.sizePx.max, heightPx: LIMITS.sizePx.max }],
  [
    'its card before all',
    256,
    { defaults: { widthPx: 384, steps: 8, sampler: undefined } },
    { widthPx: 384, heightPx: 256, steps: 8 },
  ],
])('starts from %s', (_, nativeSizePx, card, expected) => {
  expect(modelDefaults(family, nativeSizePx, card)).toEqual({ ...family, ...expected })
})

it('reads a card, or none, and says what is wrong with one', async () => {
  const folder = await temporaryFolder()
  expect(await readCard(folder)).toEqual({})
  await writeFile(join(folder, 'studio.json'), JSON.stringify({ name: 'Mine', defaults: { steps: 9 } }))
  expect(await readCard(folder)).toEqual({ name: 'Mine', defaults: { steps: 9 } })
  await writeFile(join(folder, 'studio.json'), JSON.stringify({ defaults: { steps: 0 } }))
  await expect(readCard(folder)).rejects.toThrow(/studio\.json: defaults: steps: expected number to be >=1, found 0/)
})
