import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { testModels } from '../checkpoint/test-models.ts'
import { LibraryMemory } from './memory-file.ts'

const { temporaryFolder } = testModels(onTestFinished)

it('digests outlive what an earlier version, which told other things of a model, has written beside them', async () => {
  const file = join(await temporaryFolder(), 'library.json')
  const digests = { sha256: 'ab', dataSha256: null }
  const earlier = { fingerprint: 'f', described: { model: { id: 'photo' }, part: null, thumbnail: null } }
  const other = { fingerprint: 'g', described: { model: null, part: null, thumbnail: null } }
  await writeFile(
    file,
    JSON.stringify({
      version: '1',
      facts: { '/m/photo.safetensors': earlier, '/m/other.safetensors': other },
      digests: { '/m/photo.safetensors': { sizeBytes: 7, changedAt: 1, digests } },
    }),
  )
  const warnings: string[] = []
  const logger = { info: () => undefined, warn: (message: string) => warnings.push(message), error: () => undefined }
  const memory = new LibraryMemory(file, '2', logger)
  await memory.load()
  expect(memory.findDigests('/m/photo.safetensors', { sizeBytes: 7, changedAt: 1 })).toEqual(digests)
  expect([...memory.remembered().keys()]).toEqual(['/m/other.safetensors'])
  expect(warnings).toEqual([])
})
