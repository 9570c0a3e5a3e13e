import type { BoundedFile } from '../bounded-file.ts'
import { storedBytes, valueCount } from '../tensor-index.ts'
import type { TensorEntry, TensorIndex } from '../tensor-index.ts'
import { readGgufHeader } from './gguf-header.ts'
import type { GgufHeader, GgufTensor } from './gguf-header.ts'
import { withOriginalNames } from './original-names.ts'
import { READ_TYPES, typeName } from './types.ts'

const DEFAULT_ALIGNMENT = 32
/** Converters of ComfyUI-GGUF reshape what does not fit their blocks, and keep the shape that it had under this name. */
const ORIGINAL_SHAPE = 'comfy.gguf.orig_shape.'

/**
 * The index of a GGUF file, from its header. F32, F16, BF16 and Q8_0 tensors are used in place.
 * @throws StudioError checkpoint-unsupported, for another quantised type naming it
 */
export async function readGguf(file: BoundedFile): Promise<TensorIndex> {
  const header = await readGgufHeader(file)
  const alignment = readAlignment(file, header)
  const dataStart = padded(header.sizeBytes, alignment)
  const entries = new Map<string, TensorEntry>()
  for (const tensor of header.tensors) {
    if (entries.has(tensor.name)) throw file.fail(`tensor ${tensor.name}: expected the name once, found it twice`)
    entries.set(tensor.name, readEntry(file, tensor, header, dataStart))
  }
  checkOrder(file, [...entries.values()], dataStart, alignment)
  const words = [...header.metadata].filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  const metadata = Object.fromEntries(words)
  return { file: file.path, sizeBytes: file.sizeBytes, entries: withOriginalNames(entries), metadata }
}

function readAlignment(file: BoundedFile, { metadata }: GgufHeader): number {
  const stated = metadata.get('general.alignment')
  const alignment = stated === undefined ? DEFAULT_ALIGNMENT : Number(stated)
  const isPower = alignment >= 1 && alignment <= 2 ** 30 && Number.isInteger(Math.log2(alignment))
  if (isPower) return alignment
  throw file.fail(`general.alignment: expected a power of two, found ${String(stated)}`)
}

function readEntry(file: BoundedFile, tensor: GgufTensor, { metadata }: GgufHeader, dataStart: number): TensorEntry {
  const { name, type } = tensor
  const dtype = READ_TYPES[type]
  if (dtype === undefined) {
    throw file.fail(
      `tensor ${name}: expected F32, F16, BF16 or Q8_0, which are used in place, found ${typeName(type)}, which is not read`,
    )
  }
  const row = tensor.shape.at(-1) ?? 1
  const sizeBytes = storedBytes(dtype, tensor.shape)
  if (!Number.isSafeInteger(sizeBytes) || (dtype === 'Q8_0' && row % 32 !== 0)) {
    throw file.fail(`tensor ${name}: expected rows of whole ${dtype} blocks, found shape [${tensor.shape.join(', ')}]`)
  }
  const original = metadata.get(ORIGINAL_SHAPE + name)
  const isReshaped = Array.isArray(original) && valueCount(original as number[]) === valueCount(tensor.shape)
  const shape = isReshaped ? (original as number[]) : tensor.shape
  return { name, dtype, shape, file: file.path, offset: dataStart + tensor.offset, sizeBytes }
}

/** As strict as the reference reader: each tensor begins where the one before it, padded, ends. */
function checkOrder(file: BoundedFile, entries: readonly TensorEntry[], dataStart: number, alignment: number): void {
  let expected = dataStart
  for (const { name, offset, sizeBytes } of entries) {
    if (offset !== expected) {
      throw file.fail(`tensor ${name}: expected it at byte ${expected}, behind the one before it, found byte ${offset}`)
    }
    const end = offset + sizeBytes
    if (end > file.sizeBytes) {
      throw file.fail(
        `the file is truncated: expected tensor ${name} to end at byte ${end}, found ${file.sizeBytes} bytes`,
      )
    }
    expected = padded(end - dataStart, alignment) + dataStart
  }
}

function padded(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment
}
