const VARINT = 0
const LENGTH_DELIMITED = 2
const FIXED_32 = 5

const utf8 = new TextEncoder()

/** Writes one message in the protocol buffers wire format: fields by number, in the order of the calls. */
export class WireMessage {
  #buffer = new Uint8Array(64)
  #length = 0

  /** A signed 64-bit field; negative values take ten bytes, as the format demands. */
  int(field: number, value: number | bigint): this {
    this.#varint((field << 3) | VARINT)
    this.#varint(value)
    return this
  }

  float(field: number, value: number): this {
    this.#varint((field << 3) | FIXED_32)
    this.#reserve(4)
    new DataView(this.#buffer.buffer).setFloat32(this.#length, value, true)
    this.#length += 4
    return this
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint((field << 3) | LENGTH_DELIMITED)
    this.#varint(value.length)
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
    return this
  }

  text(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value))
  }

  message(field: number, value: WireMessage): this {
    return this.bytes(field, value.finish())
  }

  /** Fields that are written already. */
  fields(written: Uint8Array): this {
    this.#reserve(written.length)
    this.#buffer.set(written, this.#length)
    this.#length += written.length
    return this
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Seven bits a byte, lowest first, the high bit set on all but the last. */
  #varint(value: number | bigint): void {
    this.#reserve(10)
    let rest = typeof value === 'number' && value >= 0 && value < 128 ? value : BigInt.asUintN(64, BigInt(value))
    while (rest > 127) {
      this.#buffer[this.#length++] = Number(BigInt(rest) & 127n) | 128
      rest = BigInt(rest) >> 7n
    }
    this.#buffer[this.#length++] = Number(rest)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + count))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}
