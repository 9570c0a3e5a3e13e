import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { testModels, writeTensors } from '../checkpoint/test-models.ts'
import { digestFile } from './digest.ts'

const { temporaryFolder } = testModels(onTestFinished)
const signal = new AbortController().signal
const turn = () => Promise.resolve()
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

it('a file has that of all its bytes, a LoRA also that of what lies past its header', async () => {
  const path = join(await temporaryFolder(), 'a.safetensors')
  const data = new Uint8Array(3_000_000).map((_, i) => i % 251)
  await writeTensors(path, new Map([['x.lora_up.weight', { dtype: 'U8', shape: [data.length], bytes: data }]]))
  expect(await digestFile(path, { signal, turn, hasData: true })).toEqual({
    sha256: sha256(await readFile(path)),
    dataSha256: sha256(data),
  })
  expect(await digestFile(path, { signal, turn, hasData: false })).toMatchObject({ dataSha256: null })
})

it.each(['', 'short', 'PK\u0003\u0004 a zip archive, as torch saves'])(
  '%j has no header to leave out',
  async (text) => {
    const path = join(await temporaryFolder(), 'a.pt')
    await writeFile(path, text)
    const digests = { sha256: sha256(Buffer.from(text)), dataSha256: null }
    expect(await digestFile(path, { signal, turn, hasData: true })).toEqual(digests)
  },
)

it('waits for its turn before each mebibyte, and ends where it is told to', async () => {
  const path = join(await temporaryFolder(), 'a.bin')
  await writeFile(path, new Uint8Array(3 << 20))
  const controller = new AbortController()
  let turns = 0
  const digest = digestFile(path, {
    signal: controller.signal,
    hasData: false,
    turn: () => {
      if (++turns === 3) controller.abort()
      return Promise.resolve()
    },
  })
  await expect(digest).rejects.toMatchObject({ name: 'AbortError' })
  expect(turns).toBe(3)
})
