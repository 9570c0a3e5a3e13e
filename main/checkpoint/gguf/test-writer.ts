/** Value types of the format that the tests write. */
type Value = string | number | boolean | readonly number[]

export interface GgufTestTensor {
  /** In the order of torch, slowest first. */
  readonly shape: readonly number[]
  /** ggml's number of the storage type. */
  readonly type: number
  readonly bytes: Uint8Array
}

export const GGML_TYPES: Readonly<Record<string, number>> = { F32: 0, F16: 1, Q4_K: 12, Q8_0: 8, I64: 27, BF16: 30 }

/** A GGUF file; numbers are written as u32, lists as lists of i32. */
export function ggufBytes(
  tensors: ReadonlyMap<string, GgufTestTensor>,
  metadata: Readonly<Record<string, Value>> = {},
  { version = 3, alignment = 32 } = {},
): Buffer {
  const values = Object.entries(metadata).flatMap(([key, value]) => [text(key), ...encode(value)])
  const infos: Buffer[] = []
  const data: Buffer[] = []
  let offset = 0
  for (const [name, { shape, type, bytes }] of tensors) {
    infos.push(text(name), uint32(shape.length), ...shape.toReversed().map(uint64), uint32(type), uint64(offset))
    const padding = (alignment - (bytes.length % alignment)) % alignment
    data.push(Buffer.from(bytes), Buffer.alloc(padding))
    offset += bytes.length + padding
  }
  const counts = [uint64(tensors.size), uint64(Object.keys(metadata).length)]
  const header = Buffer.concat([Buffer.from('GGUF'), uint32(version), ...counts, ...values, ...infos])
  return Buffer.concat([header, Buffer.alloc((alignment - (header.length % alignment)) % alignment), ...data])
}

/** Values as Q8_0 blocks, as ggml's quantize_row_q8_0_ref makes them: the scale takes the largest to 127. */
export function q8Blocks(values: Float32Array): Buffer {
  const blocks = Buffer.alloc((values.length / 32) * 34)
  for (let block = 0; block < values.length / 32; block++) {
    const some = values.subarray(32 * block, 32 * block + 32)
    const scale = some.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127
    blocks.writeUInt16LE(halfBits(scale), 34 * block)
    for (const [i, value] of some.entries()) {
      blocks.writeInt8(scale === 0 ? 0 : Math.round(value / scale), 34 * block + 2 + i)
    }
  }
  return blocks
}

/** The half below a positive number. */
function halfBits(value: number): number {
  if (value < 2 ** -14) return Math.floor(value * 2 ** 24)
  const exponent = Math.floor(Math.log2(value))
  return ((exponent + 15) << 10) | Math.floor((value / 2 ** exponent - 1) * 1024)
}

function encode(value: Value): Buffer[] {
  if (typeof value === 'string') return [uint32(8), text(value)]
  if (typeof value === 'boolean') return [uint32(7), Buffer.of(Number(value))]
  if (typeof value === 'number') return [uint32(4), uint32(value)]
  return [uint32(9), uint32(5), uint64(value.length), ...value.map(uint32)]
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint64(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
