import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openCheckpoint } from './open.ts'
import { testModels } from './test-models.ts'

const { temporaryFolder } = testModels(onTestFinished)

it('says that a place is empty, or no model', async () => {
  const folder = await temporaryFolder()
  await expect(openCheckpoint(join(folder, 'none'))).rejects.toMatchObject({
    code: 'model-missing',
    message: expect.stringMatching(/none: expected .*, found nothing/) as string,
  })
  await expect(openCheckpoint(folder)).rejects.toEqual(expect.objectContaining({ code: 'checkpoint-unsupported' }))
})
