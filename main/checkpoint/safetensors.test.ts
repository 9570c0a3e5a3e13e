import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readIntegers, readSafetensors, readTensor } from './safetensors.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** A file of a header, given as a value or as raw text, and data bytes; `length` overrides the written header length. */
async function write(header: unknown, data: ArrayLike<number> = [], length?: bigint): Promise<string> {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const file = new Uint8Array(8 + text.length + data.length)
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(text.length), true)
  file.set(text, 8)
  file.set(Array.from(data), 8 + text.length)
  const path = join(folder, 'model.safetensors')
  await writeFile(path, file)
  return path
}

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
})
const bytesOf = (array: { buffer: ArrayBufferLike }) => new Uint8Array(array.buffer)

async function only(path: string) {
  const { entries } = await readSafetensors(path)
  const first = [...entries.values()][0]
  if (!first) throw new Error('expected a tensor')
  return first
}

describe('readSafetensors', () => {
  it('gives name, dtype, shape, absolute offset and metadata', async () => {
    const header = { __metadata__: { format: 'pt' }, b: entry('F32', [1], 4, 8), a: entry('F16', [2, 1], 0, 4) }
    const path = await write(header, new Uint8Array(8))
    const index = await readSafetensors(path)
    const start = 8 + JSON.stringify(header).length
    expect([...index.entries.keys()].sort()).toEqual(['a', 'b'])
    expect(index.entries.get('b')).toEqual({
      name: 'b',
      dtype: 'F32',
      shape: [1],
      file: path,
      offset: start + 4,
      sizeBytes: 4,
    })
    expect(index.metadata).toEqual({ format: 'pt' })
    expect(index.sizeBytes).toBe(start + 8)
  })

  it('reads a name that is a property of every object', async () => {
    const path = await write('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [7])
    expect(await readIntegers(await only(path))).toEqual([7])
  })

  it('takes metadata of null for none, as the reference reader does', async () => {
    expect((await readSafetensors(await write({ __metadata__: null }))).metadata).toEqual({})
  })

  it('reads metadata of many megabytes', async () => {
    const note = 'a"\\'.repeat(3_000_000)
    const { metadata } = await readSafetensors(await write({ __metadata__: { note } }))
    expect(metadata['note'] === note).toBe(true)
  })

  it.each([
    [
      'a length beyond the file',
      { a: entry('U8', [1], 0, 1) },
      [0],
      4096n,
      /expected a header of 4096 bytes, found only \d+/,
    ],
    ['a length of over 100 MB', {}, [], 2n ** 63n, /at most 100000000 bytes, found a length of 9223372036854775808/],
    ['a length that cuts the header', { a: entry('U8', [1], 0, 1) }, [0], 10n, /header in JSON/],
    ['bad JSON', '{"a":', [], undefined, /header in JSON/],
    ['another JSON value', '[]', [], undefined, /JSON object/],
    ['a header that is not text', '\u{fffd}', [], 1n, /UTF-8/],
    ['a tensor that is no object', { a: 3 }, [], undefined, /tensor a: expected an object/],
    [
      'an unknown dtype',
      { a: entry('Q4_0', [1], 0, 1) },
      [0],
      undefined,
      /tensor a: expected a dtype of .*, found "Q4_0"/,
    ],
    ['a dtype named as a property', { a: entry('toString', [1], 0, 1) }, [0], undefined, /tensor a: expected a dtype/],
    [
      'a negative dimension',
      { a: entry('U8', [-1, -1], 0, 1) },
      [0],
      undefined,
      /tensor a: expected a shape .*\[-1,-1\]/,
    ],
    ['a missing shape', { a: { dtype: 'U8', data_offsets: [0, 1] } }, [0], undefined, /tensor a: .*shape.*found none/],
    [
      'three offsets',
      { a: { dtype: 'U8', shape: [1], data_offsets: [0, 1, 1] } },
      [0],
      undefined,
      /tensor a: expected two/,
    ],
    [
      'a shape of another size',
      { a: entry('F32', [3], 0, 8) },
      Array(8).fill(0),
      undefined,
      /tensor a: expected 12 bytes for F32 \[3\]/,
    ],
    [
      'a shape beyond any number',
      { a: entry('F32', [2 ** 52, 2 ** 52], 0, 8) },
      Array(8).fill(0),
      undefined,
      /tensor a: expected/,
    ],
    [
      'overlapping tensors',
      { a: entry('U8', [2], 0, 2), b: entry('U8', [2], 1, 3) },
      [0, 0, 0],
      undefined,
      /tensor b overlaps tensor a/,
    ],
    [
      'a gap',
      { a: entry('U8', [1], 0, 1), b: entry('U8', [1], 2, 3) },
      [0, 0, 0],
      undefined,
      /tensor b leaves a gap after tensor a/,
    ],
    ['an offset outside', { a: entry('U8', [9], 0, 9) }, [0], undefined, /truncated: expected tensor a to end/],
    [
      'bytes after the last tensor',
      { a: entry('U8', [1], 0, 1) },
      [0, 0],
      undefined,
      /expected the file to end at byte/,
    ],
    [
      'a repeated name',
      '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061" :{}}',
      [],
      undefined,
      /tensor a: expected the name once/,
    ],
  ])('refuses %s, naming the file', async (_, header, data, length, message) => {
    const path = await write(header, data, length)
    const failure = expect(readSafetensors(path)).rejects
    await failure.toMatchObject({ code: 'checkpoint-unsupported' })
    await expect(readSafetensors(path)).rejects.toThrow(message)
    await expect(readSafetensors(path)).rejects.toThrow(path)
  })

  it('refuses a file of a few bytes, an empty one and one that is not there', async () => {
    const path = await write({})
    await truncate(path, 5)
    await expect(readSafetensors(path)).rejects.toThrow(/at least 8 bytes.*found 5/)
    await expect(readSafetensors(join(folder, 'none.safetensors'))).rejects.toThrow(/found none/)
  })
})

describe('readTensor', () => {
  it.each([
    ['F32', [1.5, -2], bytesOf(Float32Array.of(1.5, -2))],
    ['F64', [Math.fround(0.1), -2], bytesOf(Float64Array.of(0.1, -2))],
    [
      'F16',
      [1, -2, 65504, 2 ** -24, Math.fround(0.0999755859375), Infinity],
      bytesOf(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 1, 0x2e66, 0x7c00)),
    ],
    ['BF16', [1, -2, 2 ** 127], bytesOf(Uint16Array.of(0x3f80, 0xc000, 0x7f00))],
    ['F8_E4M3', [1, -448, 2 ** -9, NaN], Uint8Array.of(0x38, 0xfe, 1, 0x7f)],
    ['F8_E5M2', [1, -57344, 2 ** -16, -Infinity], Uint8Array.of(0x3c, 0xfb, 1, 0xfc)],
    ['I64', [-3, 2 ** 40], bytesOf(BigInt64Array.of(-3n, 2n ** 40n))],
    ['I32', [-3, 7], bytesOf(Int32Array.of(-3, 7))],
    ['U8', [0, 255], bytesOf(Uint8Array.of(0, 255))],
    ['BOOL', [1, 0], bytesOf(Uint8Array.of(1, 0))],
  ])('widens %s to float32', async (dtype, values, data) => {
    const path = await write({ a: entry(dtype, [1, values.length], 0, data.length) }, data)
    const { shape, data: found } = await readTensor(await only(path))
    expect(shape).toEqual([1, values.length])
    expect([...found]).toEqual(values)
  })

  it('reads each tensor from its own place', async () => {
    const path = await write({ a: entry('U8', [1], 0, 1), b: entry('F32', [1], 1, 5) }, [
      9,
      ...bytesOf(Float32Array.of(4.25)),
    ])
    const b = (await readSafetensors(path)).entries.get('b')
    expect(b && [...(await readTensor(b)).data]).toEqual([4.25])
  })

  it('says which tensor is cut when the file has shrunk since', async () => {
    const path = await write({ a: entry('F32', [2], 0, 8) }, new Uint8Array(8))
    const a = await only(path)
    await truncate(path, a.offset + 3)
    await expect(readTensor(a)).rejects.toThrow(/expected 8 bytes at byte \d+, found 3/)
  })
})

describe('readIntegers', () => {
  it('gives 64-bit integers exactly, or says that it cannot', async () => {
    const path = await write({ a: entry('I64', [2], 0, 16) }, bytesOf(BigInt64Array.of(49407n, 2n ** 53n - 1n)))
    expect(await readIntegers(await only(path))).toEqual([49407, Number.MAX_SAFE_INTEGER])
    const beyond = await write({ a: entry('U64', [1], 0, 8) }, bytesOf(BigUint64Array.of(2n ** 60n)))
    await expect(readIntegers(await only(beyond))).rejects.toThrow(/tensor a: .*1152921504606846976/)
  })

  it('refuses floating point', async () => {
    const path = await write({ a: entry('F32', [1], 0, 4) }, [0, 0, 0, 0])
    await expect(readIntegers(await only(path))).rejects.toThrow(/F32/)
  })
})
