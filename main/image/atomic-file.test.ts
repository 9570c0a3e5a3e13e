import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { writeFailure, writeFileAtomically } from './atomic-file.ts'

describe('writeFileAtomically', () => {
  it('replaces a file whole', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'atomic-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'a')
    await writeFile(path, 'a long old text')
    await writeFileAtomically(path, Buffer.from('new'))
    expect(await readFile(path, 'utf8')).toBe('new')
    expect(await readdir(folder)).toEqual(['a'])
  })

  it.each(['ENOSPC', 'EDQUOT'])('calls %s a full disk', (code) => {
    const failure = writeFailure('/gallery/a.png', 1234, Object.assign(new Error('no room'), { code }))
    expect(failure).toMatchObject({
      code: 'disk-full',
      message: '/gallery/a.png: expected room for 1234 bytes, found the disk full',
    })
  })
})
