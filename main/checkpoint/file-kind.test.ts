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
    'a zip archive of torch',
    'PK\u0003\u0004\u0000\u0000\u0008\u0008\u0000\u0000archive/data.pkl',
    /a zip archive, as torch saves \.ckpt/,
  ],
  ['a pickle', '\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.', /a pickled file of torch/],
  ['a GGUF file', 'GGUF\u0003\u0000\u0000\u0000\u0000\u0000\u0000', /a GGUF file/],
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
