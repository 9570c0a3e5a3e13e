/** Bytes a value of each plain storage type takes, under the names of the safetensors format. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const

export type PlainDtype = keyof typeof DTYPE_BYTES

/** Q8_0 is GGUF's: blocks of 32 values, each an F16 scale and 32 I8 factors of it. */
export type Dtype = PlainDtype | 'Q8_0'

/** How many values a tensor of this shape has. */
export function valueCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1)
}

/** Values and bytes of a Q8_0 block. */
const Q8_VALUES = 32
const Q8_BYTES = 34

/** Bytes that a tensor takes; no whole number where blocks are not filled. */
export function storedBytes(dtype: Dtype, shape: readonly number[]): number {
  return dtype === 'Q8_0' ? (valueCount(shape) / Q8_VALUES) * Q8_BYTES : valueCount(shape) * DTYPE_BYTES[dtype]
}

/** Where one tensor lies: `offset` in bytes from the start of `file`, an absolute path; little-endian, C order. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly file: string
  readonly offset: number
  readonly sizeBytes: number
  /** When the file was last written, in ms, as it was when its header was read; absent where that is not known. */
  readonly changedAt?: number
}

/** The tensors of one file. `sizeBytes` is the whole file's. */
export interface TensorIndex {
  readonly file: string
  readonly sizeBytes: number
  readonly entries: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
}

/** The same with this prefix before every name that lacks it: a network by itself as it stands in a whole model. */
export function withPrefix(index: TensorIndex, prefix: string): TensorIndex {
  const entries = [...index.entries].map(([name, entry]): [string, TensorEntry] => [
    name.startsWith(prefix) ? name : prefix + name,
    entry,
  ])
  return { ...index, entries: new Map(entries) }
}
