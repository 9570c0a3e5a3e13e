const VARINT = 0
const LENGTH_DELIMITED = 2
const FIXED_32 = 5

/** Writes one message in the protocol buffers wire format: fields by number, in the order of the calls. */
export class WireMessage {
  readonly #chunks: Uint8Array[] = []

  /** A signed 64-bit field; negative values take ten bytes, as the format demands. */
  int(field: number, value: number | bigint): this {
    this.#chunks.push(varint((field << 3) | VARINT), varint(value))
    return this
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    this.#chunks.push(varint((field << 3) | FIXED_32), bytes)
    return this
  }

  bytes(field: number, value: Uint8Array): this {
    this.#chunks.push(varint((field << 3) | LENGTH_DELIMITED), varint(value.length), value)
    return this
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  message(field: number, value: WireMessage): this {
    return this.bytes(field, value.finish())
  }

  finish(): Uint8Array {
    const joined = new Uint8Array(this.#chunks.reduce((total, chunk) => total + chunk.length, 0))
    let offset = 0
    for (const chunk of this.#chunks) {
      joined.set(chunk, offset)
      offset += chunk.length
    }
    return joined
  }
}

/** Seven bits a byte, lowest first, the high bit set on all but the last. */
function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}
