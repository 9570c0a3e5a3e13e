import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openCheckpoint } from './open.ts'
import { temporaryFolder } from './test-models.ts'

it('says that a place is empty, or no model', async () => {
  const folder = await temporaryFolder()
  await expect(openCheckpoint(join(folder, 'none'))).rejects.toMatchObject({
    code: 'model-missing',
    message: expect.stringMatching(/none: expected .*, found nothing/) as string,
  })
  await expect(openCheckpoint(folder)).rejects.toEqual(expect.objectContaining({ code: 'checkpoint-unsupported' }))
})
