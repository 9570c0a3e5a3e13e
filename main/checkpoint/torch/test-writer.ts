import { crc32 } from 'node:zlib'

/** What the writer turns into a pickle stream: Maps are dicts, arrays lists. */
export type Saved =
  | null
  | boolean
  | number
  | string
  | readonly Saved[]
  | ReadonlyMap<string, Saved>
  | { readonly tuple: readonly Saved[] }
  | { readonly name: string }
  | { readonly call: string; readonly args: readonly Saved[]; readonly state?: Saved }
  | SavedTensor

export interface SavedTensor {
  readonly storage: string
  /** torch's class, `HalfStorage` … */
  readonly type: string
  /** Values of the whole storage. */
  readonly elements: number
  readonly shape: readonly number[]
  readonly strides?: readonly number[]
  readonly offset?: number
}

export interface ZipFile {
  readonly name: string
  readonly bytes: Uint8Array
  readonly method?: number
  /** Filling of the entry's header, other than torch's. */
  readonly padding?: number
}

export const TORCH_TYPES: Readonly<Record<string, string>> = {
  F16: 'HalfStorage',
  BF16: 'BFloat16Storage',
  F32: 'FloatStorage',
  F64: 'DoubleStorage',
  I64: 'LongStorage',
}

/** A file as torch.save writes it: the object's pickle, and a storage under each key. */
export function torchBytes(saved: Saved, storages: ReadonlyMap<string, Uint8Array>, folder = 'archive'): Buffer {
  const data = [...storages].map(([key, bytes]) => ({ name: `${folder}/data/${key}`, bytes }))
  const version = { name: `${folder}/version`, bytes: Buffer.from('3\n') }
  return zipBytes([{ name: `${folder}/data.pkl`, bytes: pickleBytes(saved) }, ...data, version])
}

/** A pickle stream of protocol 2. */
export function pickleBytes(saved: Saved): Buffer {
  return Buffer.concat([Buffer.of(0x80, 2), encode(saved), Buffer.from('.')])
}

export function pickledName(name: string): Buffer {
  const dot = name.lastIndexOf('.')
  return Buffer.from(`c${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`)
}

function encode(saved: Saved): Buffer {
  if (saved === null) return Buffer.from('N')
  if (typeof saved === 'boolean') return Buffer.of(saved ? 0x88 : 0x89)
  if (typeof saved === 'number') return number(saved)
  if (typeof saved === 'string') return text(saved)
  if (saved instanceof Map) {
    const items = [...(saved as ReadonlyMap<string, Saved>)].flatMap(([key, value]) => [text(key), encode(value)])
    return Buffer.concat([Buffer.from('}('), ...items, Buffer.from('u')])
  }
  if ('tuple' in saved) return sequence('(', saved.tuple, 't')
  if ('name' in saved) return pickledName(saved.name)
  if ('storage' in saved) return tensor(saved)
  if ('call' in saved) {
    const made = Buffer.concat([pickledName(saved.call), sequence('(', saved.args, 't'), Buffer.from('R')])
    return saved.state === undefined ? made : Buffer.concat([made, encode(saved.state), Buffer.from('b')])
  }
  return sequence('](', saved as readonly Saved[], 'e')
}

function tensor({ storage, type, elements, shape, strides, offset = 0 }: SavedTensor): Buffer {
  const id = sequence('(', ['storage', { name: `torch.${type}` }, storage, 'cpu', elements], 't')
  const rest = [offset, { tuple: shape }, { tuple: strides ?? contiguous(shape) }, false, emptyHooks]
  const args = [Buffer.from('('), id, Buffer.from('Q'), ...rest.map(encode), Buffer.from('t')]
  return Buffer.concat([pickledName('torch._utils._rebuild_tensor_v2'), ...args, Buffer.from('R')])
}

const emptyHooks = { call: 'collections.OrderedDict', args: [] }

function contiguous(shape: readonly number[]): number[] {
  return shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1))
}

function sequence(start: string, items: readonly Saved[], end: string): Buffer {
  return Buffer.concat([Buffer.from(start), ...items.map(encode), Buffer.from(end)])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(9)
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) {
    bytes.write('J')
    bytes.writeInt32LE(value, 1)
    return bytes.subarray(0, 5)
  }
  bytes.write('G')
  bytes.writeDoubleBE(value, 1)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(5)
  length.write('X')
  length.writeUInt32LE(bytes.length, 1)
  return Buffer.concat([length, bytes])
}

/**
 * A zip archive whose entries start at multiples of 64, as torch has them; with 64-bit numbers throughout where asked.
 * @param base byte of the archive at which these bytes lie, behind others
 */
export function zipBytes(files: readonly ZipFile[], isWide = false, base = 0): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = base
  for (const file of files) {
    const name = Buffer.from(file.name)
    const least = at + 30 + name.length + 4
    const padding = file.padding ?? Math.ceil(least / 64) * 64 - least
    const local = Buffer.alloc(30 + name.length + 4 + padding)
    local.writeUInt32LE(0x04034b50, 0)
    writeFacts(local, 4, file)
    local.writeUInt16LE(name.length, 26)
    local.writeUInt16LE(4 + padding, 28)
    name.copy(local, 30)
    local.write('FB', 30 + name.length)
    local.writeUInt16LE(padding, 32 + name.length)
    directory.push(directoryEntry(file, name, at, isWide))
    parts.push(local, Buffer.from(file.bytes))
    at += local.length + file.bytes.length
  }
  return Buffer.concat([...parts, ...directory, end(at, directory, isWide)])
}

/** Version, flags, method, time, checksum and sizes, the same in an entry's own header and in the directory. */
function writeFacts(header: Buffer, at: number, { bytes, method = 0 }: ZipFile, size = bytes.length): void {
  header.writeUInt16LE(method, at + 4)
  header.writeUInt32LE(crc32(bytes), at + 10)
  header.writeUInt32LE(size, at + 14)
  header.writeUInt32LE(size, at + 18)
}

function directoryEntry(file: ZipFile, name: Buffer, at: number, isWide: boolean): Buffer {
  const extra = Buffer.alloc(isWide ? 28 : 0)
  if (isWide) {
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(24, 2)
    for (const [i, value] of [file.bytes.length, file.bytes.length, at].entries()) {
      extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i)
    }
  }
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  writeFacts(entry, 6, file, isWide ? 0xffffffff : undefined)
  entry.writeUInt16LE(name.length, 28)
  entry.writeUInt16LE(extra.length, 30)
  entry.writeUInt32LE(isWide ? 0xffffffff : at, 42)
  return Buffer.concat([entry, name, extra])
}

function end(start: number, directory: readonly Buffer[], isWide: boolean): Buffer {
  const sizeBytes = directory.reduce((sum, { length }) => sum + length, 0)
  const wide = Buffer.alloc(76)
  wide.writeUInt32LE(0x06064b50, 0)
  wide.writeBigUInt64LE(44n, 4)
  wide.writeBigUInt64LE(BigInt(directory.length), 24)
  wide.writeBigUInt64LE(BigInt(directory.length), 32)
  wide.writeBigUInt64LE(BigInt(sizeBytes), 40)
  wide.writeBigUInt64LE(BigInt(start), 48)
  wide.writeUInt32LE(0x07064b50, 56)
  wide.writeBigUInt64LE(BigInt(start + sizeBytes), 64)
  wide.writeUInt32LE(1, 72)
  const last = Buffer.alloc(22)
  last.writeUInt32LE(0x06054b50, 0)
  last.writeUInt16LE(isWide ? 0xffff : directory.length, 8)
  last.writeUInt16LE(isWide ? 0xffff : directory.length, 10)
  last.writeUInt32LE(isWide ? 0xffffffff : sizeBytes, 12)
  last.writeUInt32LE(isWide ? 0xffffffff : start, 16)
  return Buffer.concat([...(isWide ? [wide] : []), last])
}
