import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'
import { StudioError } from '../contract/failure.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { widenBrainFloat, widenHalf } from './float-formats.ts'
import { parseHeader } from './safetensors-header.ts'
import type { TensorEntry, TensorIndex } from './tensor-index.ts'

export type { TensorEntry, TensorIndex } from './tensor-index.ts'

const PREFIX_BYTES = 8
/** The reference reader's own limit. */
const MAX_HEADER_BYTES = 100_000_000
/** One read call takes less than 2 GiB. */
const READ_BYTES = 1 << 30

/**
 * The index of a .safetensors file, from its header alone; no tensor data is read.
 * @throws StudioError checkpoint-unsupported
 */
export async function readSafetensors(path: string): Promise<TensorIndex> {
  const file = resolve(path)
  const handle = await openFile(file)
  try {
    const fileBytes = (await handle.stat()).size
    if (fileBytes < PREFIX_BYTES) {
      throw unsupported(file, `expected at least ${PREFIX_BYTES} bytes for the header's length, found ${fileBytes}`)
    }
    const length = new DataView((await readExactly(handle, file, 0, PREFIX_BYTES)).buffer).getBigUint64(0, true)
    if (length > MAX_HEADER_BYTES) {
      throw unsupported(
        file,
        `expected a header of at most ${MAX_HEADER_BYTES} bytes, found a length of ${String(length)}`,
      )
    }
    const headerBytes = Number(length)
    const left = fileBytes - PREFIX_BYTES
    if (headerBytes > left) {
      throw unsupported(file, `expected a header of ${headerBytes} bytes, found only ${left} bytes after its length`)
    }
    const text = decodeText(await readExactly(handle, file, PREFIX_BYTES, headerBytes), file)
    return parseHeader(text, file, PREFIX_BYTES + headerBytes, fileBytes)
  } finally {
    await handle.close()
  }
}

/**
 * A tensor's values as float32: F16 and BF16 exactly, F64 and integers rounded.
 * @throws StudioError checkpoint-unsupported for a storage type without a float32 reading, or when the file was cut since
 */
export async function readTensor(entry: TensorEntry): Promise<Tensor> {
  const bytes = await readBytes(entry)
  const { buffer } = bytes
  switch (entry.dtype) {
    case 'F32':
      return tensor(entry.shape, new Float32Array(buffer))
    case 'F16':
      return tensor(entry.shape, widenHalf(new Uint16Array(buffer)))
    case 'BF16':
      return tensor(entry.shape, widenBrainFloat(new Uint16Array(buffer)))
    case 'F64':
      return tensor(entry.shape, Float32Array.from(new Float64Array(buffer)))
    default:
      return tensor(entry.shape, Float32Array.from(integers(entry, bytes)))
  }
}

/**
 * An integer or boolean tensor's values in C order, exact.
 * @throws StudioError checkpoint-unsupported for floating point, or beyond 2^53
 */
export async function readIntegers(entry: TensorEntry): Promise<number[]> {
  return integers(entry, await readBytes(entry))
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw unsupported(path, 'expected a readable .safetensors file, found none', error)
  }
}

function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw unsupported(path, 'expected a header in UTF-8, found other bytes', error)
  }
}

async function readBytes(entry: TensorEntry): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await openFile(entry.file)
  try {
    return await readExactly(handle, entry.file, entry.offset, entry.sizeBytes)
  } finally {
    await handle.close()
  }
}

async function readExactly(
  handle: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const wanted = Math.min(length - filled, READ_BYTES)
    const { bytesRead } = await handle.read(bytes, filled, wanted, offset + filled)
    if (bytesRead === 0) throw unsupported(path, `expected ${length} bytes at byte ${offset}, found ${filled}`)
    filled += bytesRead
  }
  return bytes
}

function integers(entry: TensorEntry, bytes: Uint8Array<ArrayBuffer>): number[] {
  const { buffer } = bytes
  switch (entry.dtype) {
    case 'BOOL':
    case 'U8':
      return [...bytes]
    case 'I8':
      return [...new Int8Array(buffer)]
    case 'I16':
      return [...new Int16Array(buffer)]
    case 'U16':
      return [...new Uint16Array(buffer)]
    case 'I32':
      return [...new Int32Array(buffer)]
    case 'U32':
      return [...new Uint32Array(buffer)]
    case 'I64':
      return exact(entry, new BigInt64Array(buffer))
    case 'U64':
      return exact(entry, new BigUint64Array(buffer))
    default:
      throw unsupported(
        entry.file,
        `tensor ${entry.name}: expected another dtype to read values from, found ${entry.dtype}`,
      )
  }
}

function exact(entry: TensorEntry, values: BigInt64Array | BigUint64Array): number[] {
  return Array.from(values, (value) => {
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    throw unsupported(entry.file, `tensor ${entry.name}: expected integers below 2^53, found ${String(value)}`)
  })
}

function unsupported(path: string, sentence: string, cause?: unknown): StudioError {
  return new StudioError('checkpoint-unsupported', `${path}: ${sentence}`, cause === undefined ? {} : { cause })
}
