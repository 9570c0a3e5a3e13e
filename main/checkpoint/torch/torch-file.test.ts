import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BoundedFile } from '../bounded-file.ts'
import { readTensorIndex } from '../file-kind.ts'
import { readIntegers, readTensor } from '../safetensors.ts'
import { fileOf } from '../test-bytes.ts'
import { testModels } from '../test-models.ts'
import { pickleBytes, torchBytes, zipBytes } from './test-writer.ts'
import type { Saved, SavedTensor } from './test-writer.ts'
import { readTorchFile } from './torch-file.ts'

const { temporaryFolder } = testModels(onTestFinished)

/** A storage of the values 0 to 23, and a tensor over all of it. */
const values = Float32Array.from({ length: 24 }, (_, i) => i)
const storages = new Map([['0', new Uint8Array(values.buffer)]])
const whole: SavedTensor = { storage: '0', type: 'FloatStorage', elements: 24, shape: [4, 6] }

const read = (saved: Saved) => readTorchFile(fileOf(torchBytes(saved, storages)))
const readNames = async (saved: Saved) => [...(await read(saved)).entries.keys()]
const dict = (entries: Record<string, Saved>) => new Map(Object.entries(entries))

/** What the named tensor of a file on disk holds. */
async function valuesIn(path: string, name: string): Promise<number[]> {
  const entry = (await readTensorIndex(path)).entries.get(name)
  if (!entry) throw new Error(`no tensor ${name}`)
  return entry.dtype === 'I64' ? readIntegers(entry) : [...(await readTensor(entry)).data]
}

describe('a file that PyTorch 1.13 wrote', () => {
  // torch.save({'state_dict': …, 'epoch': 3, 'best': numpy.float64(1.5), 'history': numpy.array([1, 2])}), of views of
  // torch.arange(24).reshape(4, 6): half(), [1:3] and view(-1)[5:9] of one storage; tensor(7); a bfloat16 Parameter of ones.
  const path = join(import.meta.dirname, 'test-data/torch-1.13.pt')

  it('has its tensors where they lie, each with its type and shape', async () => {
    const { entries, metadata } = await readTensorIndex(path)
    expect([...entries.values()].map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
      ['half', 'F16', [4, 6]],
      ['rows', 'F32', [2, 6]],
      ['run', 'F32', [4]],
      ['count', 'I64', []],
      ['parameter', 'BF16', [2, 2]],
    ])
    expect(metadata).toEqual({ epoch: '3' })
  })

  it('gives their values, of views of one storage too', async () => {
    expect(await valuesIn(path, 'half')).toEqual([...values])
    expect(await valuesIn(path, 'rows')).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17])
    expect(await valuesIn(path, 'run')).toEqual([5, 6, 7, 8])
    expect(await valuesIn(path, 'count')).toEqual([7])
    expect(await valuesIn(path, 'parameter')).toEqual([1, 1, 1, 1])
  })
})

it('reads a file whatever its name', async () => {
  const path = join(await temporaryFolder(), 'model.safetensors')
  await writeFile(path, torchBytes(dict({ w: whole }), storages, 'any name'))
  expect(await valuesIn(path, 'w')).toEqual([...values])
})

describe('64-bit archives', () => {
  const files = [
    { name: 'archive/data.pkl', bytes: pickleBytes(dict({ w: whole })) },
    { name: 'archive/data/0', bytes: new Uint8Array(values.buffer) },
  ]

  it('are read like others', async () => {
    const wide = await readTorchFile(fileOf(zipBytes(files, true)))
    expect(wide.entries).toEqual((await readTorchFile(fileOf(zipBytes(files)))).entries)
  })

  it('have tensors beyond 4 GiB', async () => {
    const base = 5 * 2 ** 30
    const bytes = zipBytes(files, true, base)
    const file = new BoundedFile('/models/large.ckpt', base + bytes.length, (offset, length) => {
      const span = new Uint8Array(length)
      span.set(bytes.subarray(Math.max(0, offset - base), offset + length - base), Math.max(0, base - offset))
      return Promise.resolve(span)
    })
    const near = (await readTorchFile(fileOf(zipBytes(files)))).entries.get('w')?.offset ?? 0
    expect((await readTorchFile(file)).entries.get('w')).toMatchObject({ shape: [4, 6], offset: base + near })
  })
})

describe('where the weights are', () => {
  it.each<[string, Saved]>([
    ['the dict itself', dict({ w: whole })],
    [
      'state_dict, beside counters and optimisers',
      dict({ step: 3, optimizer: [whole], state_dict: dict({ w: whole }) }),
    ],
    ['state_dict, beside another tensor', dict({ loss: whole, state_dict: dict({ w: whole }) })],
    ['params_ema before params', dict({ params: dict({ other: whole }), params_ema: dict({ w: whole }) })],
    ['one wrapper in another', dict({ state_dict: dict({ module: dict({ w: whole }) }) })],
  ])('finds them in %s', async (_, saved) => {
    expect(await readNames(saved)).toEqual(['w'])
  })

  it('joins the names of dicts in dicts', async () => {
    expect(await readNames(dict({ string_to_param: dict({ '*': whole }), name: 'cat' }))).toEqual(['string_to_param.*'])
  })

  it('looks into torch’s dictionary of parameters', async () => {
    const state = dict({ training: true, _parameters: dict({ '*': whole }) })
    const parameters: Saved = { call: 'torch.nn.modules.container.ParameterDict', args: [], state }
    expect(await readNames(dict({ string_to_param: parameters }))).toEqual(['string_to_param.*'])
  })
})

it('holds what trainers leave beside the weights, and builds nothing of it', async () => {
  const held = [
    { call: 'numpy.core.multiarray.scalar', args: [{ call: 'numpy.dtype', args: ['f8', false, true] }, 'bytes'] },
    { call: '_codecs.encode', args: ['text', 'latin1'] },
    { call: 'omegaconf.dictconfig.DictConfig', args: [], state: dict({ _content: dict({ lr: 1e-4 }) }) },
    { name: 'pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint' },
  ]
  expect(await readNames(dict({ state_dict: dict({ w: whole }), callbacks: held }))).toEqual(['w'])
})

describe('what could run code', () => {
  it.each(['os.system', 'posix.system', 'builtins.eval', '__builtin__.getattr', 'torch.load', 'torch._utils.whatever'])(
    'refuses %s by name, wherever it stands',
    async (name) => {
      for (const hidden of [{ name }, { call: name, args: ['echo'] }] as const) {
        const reading = expect(read(dict({ w: whole, notes: [{ tuple: [hidden] }] }))).rejects
        await reading.toMatchObject({ code: 'checkpoint-unsupported' })
        await expect(read(dict({ w: whole, notes: hidden }))).rejects.toThrow(`it names ${name}, which may run code`)
      }
    },
  )

  it('refuses to call a type', async () => {
    await expect(read(dict({ w: { call: 'torch.FloatStorage', args: [3] } }))).rejects.toThrow(/found it called/)
  })
})

describe('tensors that do not hold together', () => {
  it.each<[string, Partial<SavedTensor>, RegExp]>([
    [
      'transposed values',
      { shape: [6, 4], strides: [1, 6] },
      /tensor w: expected values in the order .*strides \[1, 6\]/,
    ],
    ['one value spread out', { shape: [4, 6], strides: [0, 0] }, /tensor w: expected values in the order/],
    [
      'an offset beyond the storage',
      { shape: [4], offset: 21 },
      /tensor w: expected 16 bytes from byte 84 .* 96 bytes in all/,
    ],
    ['more values than the storage', { shape: [5, 6] }, /tensor w: expected 120 bytes/],
    ['a shape beyond any number', { shape: [2 ** 20, 2 ** 20, 2 ** 12] }, /tensor w: expected 18014398509481984 bytes/],
    [
      'a storage smaller than it says',
      { elements: 48, shape: [48] },
      /tensor w: expected 192 bytes .* 96 bytes in all/,
    ],
    ['a storage that is not there', { storage: '1' }, /expected zip entry archive\/data\/1, found none/],
    [
      'no values of a shape beyond any number',
      { shape: [...Array<number>(21).fill(2 ** 52), 0], strides: Array<number>(22).fill(0) },
      /tensor w: expected NaN bytes/,
    ],
    ['a negative size', { shape: [-4, -6] }, /found other values/],
    ['a fraction', { shape: [1.5] }, /found other values/],
  ])('refuses %s', async (_, change, message) => {
    const reading = read(dict({ w: { ...whole, ...change } }))
    await expect(reading).rejects.toMatchObject({ code: 'checkpoint-unsupported' })
    await expect(reading).rejects.toThrow(message)
  })

  it('takes any stride of a dimension that has one value, and of a tensor that has none', async () => {
    const thin = { ...whole, shape: [24, 1, 1], strides: [1, 9, 7] }
    const empty = { ...whole, shape: [0, 3], strides: [1, 1] }
    expect(await readNames(dict({ thin, empty }))).toEqual(['thin', 'empty'])
  })
})

describe('archives that are not torch’s', () => {
  const pickle = { name: 'a/data.pkl', bytes: pickleBytes(dict({ w: whole })) }
  const data = { name: 'a/data/0', bytes: new Uint8Array(values.buffer) }
  const order = (text: string) => ({ name: 'a/byteorder', bytes: Buffer.from(text) })

  it.each([
    [
      'no data.pkl',
      [{ name: 'word/document.xml', bytes: Buffer.of(1) }],
      /with one data\.pkl, found word\/document\.xml/,
    ],
    ['two of them', [pickle, { ...pickle, name: 'b/data.pkl' }], /with one data\.pkl/],
    [
      'compressed data',
      [pickle, { ...data, method: 8 }],
      /zip entry a\/data\/0: .* compressed \(method 8\); save the model again/,
    ],
    ['big-endian data', [pickle, data, order('big')], /little-endian byte order, found big/],
    ['an entry twice', [pickle, data, data], /zip entry a\/data\/0: expected the name once/],
  ])('refuses %s', async (_, files, message) => {
    await expect(readTorchFile(fileOf(zipBytes(files)))).rejects.toMatchObject({ code: 'checkpoint-unsupported' })
    await expect(readTorchFile(fileOf(zipBytes(files)))).rejects.toThrow(message)
  })

  it('reads what says that it is little-endian', async () => {
    expect((await readTorchFile(fileOf(zipBytes([pickle, data, order('little')])))).entries.size).toBe(1)
  })

  it('says that a file is cut short', async () => {
    const bytes = zipBytes([pickle, data])
    await expect(readTorchFile(fileOf(bytes.subarray(0, -30)))).rejects.toThrow(/the file is cut short/)
  })

  it('refuses an entry whose own header lies elsewhere', async () => {
    const bytes = zipBytes([pickle, data])
    const directory = bytes.lastIndexOf('a/data/0') - 46
    bytes.writeUInt32LE(1, directory + 42)
    await expect(readTorchFile(fileOf(bytes))).rejects.toThrow(/zip entry a\/data\/0: expected its header at byte 1/)
  })

  it('refuses an entry that reaches into the directory', async () => {
    const bytes = zipBytes([pickle, data])
    bytes.writeUInt32LE(4096, bytes.lastIndexOf('a/data/0') - 46 + 20)
    await expect(readTorchFile(fileOf(bytes))).rejects.toThrow(/zip entry a\/data\/0: expected its data to end before/)
  })
})
