import { expect, it } from 'vitest'
import { BoundedFile } from './bounded-file.ts'

it('says where a file could not be read, and what the system says', async () => {
  const gone = Object.assign(new Error('i/o error, read'), { code: 'EIO' })
  const file = new BoundedFile('/models/far.safetensors', 100, () => Promise.reject(gone))
  await expect(file.read(8, 20)).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: '/models/far.safetensors: expected 20 bytes at byte 8, found that they cannot be read (EIO)',
    cause: gone,
  })
})
