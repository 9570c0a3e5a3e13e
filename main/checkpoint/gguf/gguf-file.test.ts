import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readTensorIndex } from '../file-kind.ts'
import { readTensor } from '../safetensors.ts'
import { fileOf } from '../test-bytes.ts'
import { testModels } from '../test-models.ts'
import { readGguf } from './gguf-file.ts'
import { GGML_TYPES, ggufBytes, q8Blocks } from './test-writer.ts'
import type { GgufTestTensor } from './test-writer.ts'

const { temporaryFolder } = testModels(onTestFinished)

const { F32 = -1, F16 = -1, BF16 = -1, I64 = -1, Q8_0 = -1, Q4_K = -1 } = GGML_TYPES
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)
const words = (...values: number[]) => new Uint8Array(Uint16Array.from(values).buffer)
const a: GgufTestTensor = { shape: [2, 3], type: F32, bytes: floats(1, 2, 3, 4, 5, 6) }
const b: GgufTestTensor = { shape: [2], type: F16, bytes: words(0x3c00, 0xc100) }
const both = new Map([
  ['a', a],
  ['b', b],
])

describe('readGguf', () => {
  it('gives shapes slowest first, and offsets in the file', async () => {
    const bytes = ggufBytes(both)
    const { entries } = await readGguf(fileOf(bytes))
    const data = bytes.length - 2 * 32
    expect(
      [...entries.values()].map(({ dtype, shape, offset, sizeBytes }) => [dtype, shape, offset, sizeBytes]),
    ).toEqual([
      ['F32', [2, 3], data, 24],
      ['F16', [2], data + 32, 4],
    ])
  })

  it.each<[string, { version?: number; alignment?: number }]>([
    ['version 2', { version: 2 }],
    ['data at multiples of 4096', { alignment: 4096 }],
  ])('reads %s', async (_, options) => {
    const metadata = { 'general.alignment': options.alignment ?? 32 }
    const path = join(await temporaryFolder(), 'model.safetensors')
    await writeFile(path, ggufBytes(both, metadata, options))
    const { entries } = await readTensorIndex(path)
    const read = await Promise.all([...entries.values()].map(readTensor))
    expect(read.map(({ data }) => [...data])).toEqual([
      [1, 2, 3, 4, 5, 6],
      [1, -2.5],
    ])
  })

  it('keeps words and numbers as metadata, and passes over lists', async () => {
    const { metadata } = await readGguf(
      fileOf(ggufBytes(both, { 'general.name': 'A model', list: [1, 2, 3], 'general.file_type': 7, ok: true })),
    )
    expect(metadata).toEqual({ 'general.name': 'A model', 'general.file_type': '7', ok: 'true' })
  })

  it('reads a header longer than a first look at the file', async () => {
    const many = new Map(Array.from({ length: 9000 }, (_, i) => [`tensor.${i}.${'x'.repeat(40)}`, b]))
    expect((await readGguf(fileOf(ggufBytes(many)))).entries.size).toBe(9000)
  })

  it('widens blocks of 32 values to what they stand for', async () => {
    const values = Float32Array.from({ length: 64 }, (_, i) => (i < 32 ? i / 4 : -1000 * i))
    const path = join(await temporaryFolder(), 'model.gguf')
    await writeFile(path, ggufBytes(new Map([['q', { shape: [1, 64], type: Q8_0, bytes: q8Blocks(values) }]])))
    const entry = (await readTensorIndex(path)).entries.get('q')
    if (!entry) throw new Error('no tensor q')
    expect(entry).toMatchObject({ dtype: 'Q8_0', shape: [1, 64], sizeBytes: 68 })
    const { data } = await readTensor(entry)
    for (const [i, value] of values.entries()) {
      expect(Math.abs((data[i] ?? NaN) - value)).toBeLessThan(i < 32 ? 0.05 : 400)
    }
  })

  it('gives a reshaped tensor the shape that its converter wrote down', async () => {
    const q = { shape: [8, 32], type: Q8_0, bytes: q8Blocks(new Float32Array(256)) }
    const metadata = { 'comfy.gguf.orig_shape.conv.weight': [4, 16, 2, 2] }
    const { entries } = await readGguf(fileOf(ggufBytes(new Map([['conv.weight', q]]), metadata)))
    expect(entries.get('conv.weight')?.shape).toEqual([4, 16, 2, 2])
  })
})

describe('files that cannot be used', () => {
  const bf16 = { shape: [2], type: BF16, bytes: words(0x3f80, 0) }
  const edited = (edit: (bytes: Buffer) => void) => {
    const bytes = ggufBytes(both)
    edit(bytes)
    return bytes
  }
  /** Where the first tensor's description begins, after the counts. */
  const info = 24

  it.each<[string, Buffer, RegExp]>([
    [
      'another quantised type, naming it',
      ggufBytes(new Map([['q', { shape: [256], type: Q4_K, bytes: new Uint8Array(144) }]])),
      /tensor q: expected F32, F16, BF16 or Q8_0, .* found Q4_K/,
    ],
    ['a type that is not known', ggufBytes(new Map([['q', { ...b, type: 99 }]])), /found type 99/],
    [
      'blocks that are not filled',
      ggufBytes(new Map([['q', { shape: [2, 16], type: Q8_0, bytes: new Uint8Array(34) }]])),
      /tensor q: expected rows of whole Q8_0 blocks, found shape \[2, 16\]/,
    ],
    ['version 1', ggufBytes(both, {}, { version: 1 }), /expected GGUF version 2 or 3, found 1/],
    ['big-endian numbers', ggufBytes(both, {}, { version: 0x03000000 }), /found big-endian numbers/],
    [
      'an odd alignment',
      ggufBytes(both, { 'general.alignment': 33 }),
      /general\.alignment: expected a power of two, found 33/,
    ],
    [
      'more tensors than it has room for',
      edited((bytes) => bytes.writeBigUInt64LE(2n ** 40n, 8)),
      /expected at most \d+ tensors .* found 1099511627776/,
    ],
    [
      'more values than it has room for',
      edited((bytes) => bytes.writeBigUInt64LE(2n ** 63n, 16)),
      /expected a number of values below 2\^53/,
    ],
    [
      'a name beyond the end',
      edited((bytes) => bytes.writeBigUInt64LE(1000n, info)),
      /expected 1000 more bytes of the GGUF header/,
    ],
    [
      'nine dimensions',
      edited((bytes) => bytes.writeUInt32LE(9, info + 9)),
      /tensor a: expected at most 4 dimensions, found 9/,
    ],
    ['dimensions beyond any file', edited((bytes) => bytes.writeBigUInt64LE(2n ** 52n, info + 13)), /tensor a/],
    [
      'a tensor elsewhere',
      edited((bytes) => bytes.writeBigUInt64LE(32n, info + 33)),
      /tensor a: expected it at byte \d+, behind the one before it/,
    ],
    ['a file cut short', ggufBytes(new Map([['b', bf16]])).subarray(0, -31), /truncated: expected tensor b to end/],
    ['a name twice', edited((bytes) => bytes.write('a', bytes.lastIndexOf('b'))), /tensor a: expected the name once/],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(readGguf(fileOf(bytes))).rejects.toMatchObject({ code: 'checkpoint-unsupported' })
    await expect(readGguf(fileOf(bytes))).rejects.toThrow(message)
  })

  it('reads integers too, which networks ignore', async () => {
    const ids = { shape: [1], type: I64, bytes: new Uint8Array(8) }
    expect((await readGguf(fileOf(ggufBytes(new Map([['ids', ids]]))))).entries.get('ids')?.dtype).toBe('I64')
  })
})
