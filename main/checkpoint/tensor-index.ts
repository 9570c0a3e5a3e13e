/** Bytes a value of each storage type takes, under the names of the safetensors format. */
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

export type Dtype = keyof typeof DTYPE_BYTES

/** Where one tensor lies: `offset` in bytes from the start of `file`, an absolute path; little-endian, C order. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly file: string
  readonly offset: number
  readonly sizeBytes: number
}

/** The tensors of one file. `sizeBytes` is the whole file's. */
export interface TensorIndex {
  readonly file: string
  readonly sizeBytes: number
  readonly entries: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
}
