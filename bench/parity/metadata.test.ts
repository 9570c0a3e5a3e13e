import { join } from 'node:path'
import { expect, test } from 'vitest'
import { metadataCases } from './metadata.ts'

test('what other programs wrote into pictures is read as they read it', async () => {
  const cases = (await metadataCases(join(import.meta.dirname, 'fixtures/png-metadata'))) ?? []
  expect(cases.length).toBeGreaterThan(9)
  for (const known of cases) expect(await known.run(), known.name).toEqual({ error: 0, tolerance: 0 })
})
