import { resolve } from 'node:path'
import { StudioError } from '../contract/failure.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { withFile } from './bounded-file.ts'
import type { BoundedFile } from './bounded-file.ts'
import { widenBlocks, widenBrainFloat, widenE4M3, widenE5M2, widenHalf } from './float-formats.ts'
import { parseHeader } from './safetensors-header.ts'
import type { TensorEntry, TensorIndex } from './tensor-index.ts'

export type { TensorEntry, TensorIndex } from './tensor-index.ts'

const PREFIX_BYTES = 8
/** The reference reader's own limit. */
const MAX_HEADER_BYTES = 100_000_000

/**
 * The index of a .safetensors file, from its header alone; no tensor data is read.
 * @throws StudioError checkpoint-unsupported
 */
export async function readSafetensors(path: string): Promise<TensorIndex> {
  return withFile(resolve(path), '.safetensors file', readSafetensorsFrom)
}

/** The same of an open file. @throws StudioError checkpoint-unsupported */
export async function readSafetensorsFrom(file: BoundedFile): Promise<TensorIndex> {
  if (file.sizeBytes < PREFIX_BYTES) {
    throw file.fail(`expected at least ${PREFIX_BYTES} bytes for the header's length, found ${file.sizeBytes}`)
  }
  const length = new DataView((await file.read(0, PREFIX_BYTES)).buffer).getBigUint64(0, true)
  if (length > MAX_HEADER_BYTES) {
    throw file.fail(`expected a header of at most ${MAX_HEADER_BYTES} bytes, found a length of ${String(length)}`)
  }
  const headerBytes = Number(length)
  const left = file.sizeBytes - PREFIX_BYTES
  if (headerBytes > left) {
    throw file.fail(`expected a header of ${headerBytes} bytes, found only ${left} bytes after its length`)
  }
  const text = decodeText(await file.read(PREFIX_BYTES, headerBytes), file)
  return parseHeader(text, file.path, PREFIX_BYTES + headerBytes, file.sizeBytes)
}

/**
 * A tensor's values as float32: smaller floats and Q8_0 exactly, F64 and integers rounded.
 * @throws StudioError checkpoint-unsupported when the file was cut since
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
    case 'F8_E4M3':
      return tensor(entry.shape, widenE4M3(bytes))
    case 'F8_E5M2':
      return tensor(entry.shape, widenE5M2(bytes))
    case 'Q8_0':
      return tensor(entry.shape, widenBlocks(new Uint16Array(buffer)))
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

function decodeText(bytes: Uint8Array, file: BoundedFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw file.fail('expected a header in UTF-8, found other bytes', error)
  }
}

async function readBytes({ file, offset, sizeBytes }: TensorEntry): Promise<Uint8Array<ArrayBuffer>> {
  return withFile(file, 'file of weights', (open) => open.read(offset, sizeBytes))
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
