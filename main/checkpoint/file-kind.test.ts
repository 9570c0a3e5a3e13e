import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readTensorIndex } from './file-kind.ts'
import { testModels } from './test-models.ts'

const { copySingleFile, temporaryFolder } = testModels(onTestFinished)

it('knows a .safetensors file under any name', async () => {
  expect((await readTensorIndex(await copySingleFile('model.ckpt'))).entries.size).toBe(993)
})

it.each([
  [
    'a zip archive cut short',
    'PK\u0003\u0004\u0000\u0000\u0008\u0008\u0000\u0000archive/data.pkl',
    /the file is cut short/,
  ],
  [
    'a file of torch from before 1.6',
    '\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.',
    /from before PyTorch 1\.6, which is not read; load it with torch and save its weights again as \.safetensors/,
  ],
  ['another pickle', '\u0080\u0004\u0095\u0000\u0000\u0000\u0000', /a pickled file, which could run code/],
  ['a tar archive of torch', 'storages'.padEnd(257, '\u0000') + 'ustar  ', /a tar archive, as torch once wrote/],
  ['a GGUF file cut short', 'GGUF\u0003\u0000\u0000\u0000\u0000\u0000\u0000', /more bytes of the GGUF header/],
  ['an old GGML file', 'lmgg\u0001\u0000\u0000\u0000\u0000\u0000\u0000', /convert it to GGUF/],
  ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', /git lfs pull/],
  ['a web page', '<!DOCTYPE html><html><title>404</title></html>', /a web page/],
  ['a picture', '\u0089PNG\r\n\u001a\n\u0000\u0000\u0000\rIHDR', /a picture/],
  ['plain text', 'This is not a model at all.', /a file of no kind that this studio knows/],
  ['an empty file', '', /found 0/],
])('says what %s is, whatever its name', async (_, content, message) => {
  const path = join(await temporaryFolder(), 'model.safetensors')
  await writeFile(path, content, 'latin1')
  await expect(readTensorIndex(path)).rejects.toMatchObject({ code: 'checkpoint-unsupported' })
  await expect(readTensorIndex(path)).rejects.toThrow(message)
  await expect(readTensorIndex(path)).rejects.toThrow(path)
})

it('reads a header whose length begins like a pickle', async () => {
  const path = join(await temporaryFolder(), 'model.safetensors')
  const header = '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'.padEnd(0x0280)
  await writeFile(path, Buffer.concat([Buffer.of(0x80, 2, 0, 0, 0, 0, 0, 0), Buffer.from(header), Buffer.of(1)]))
  expect([...(await readTensorIndex(path)).entries.keys()]).toEqual(['a'])
})
