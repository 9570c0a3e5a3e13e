/** Integers beyond this length are none of a checkpoint's. */
const MAX_INTEGER_BYTES = 255
const MAX_NAME_BYTES = 1024

/** The bytes of a pickle stream, read from front to back; every length is held against what is left. */
export class PickleBytes {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #fail: (sentence: string) => Error
  #at = 0

  constructor(bytes: Uint8Array, fail: (sentence: string) => Error) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#fail = fail
  }

  get position(): number {
    return this.#at
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true)
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true)
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  /** A length: beyond 2^53 it is rounded, and beyond any stream in any case. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true))
  }

  /** Of all numbers of a stream the one in big-endian order. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false)
  }

  /** A two's complement integer of any length, little-endian; a bigint beyond 2^53. */
  integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES)
      throw this.#fail(`expected integers of at most ${MAX_INTEGER_BYTES} bytes, found ${length}`)
    let value = 0n
    for (const byte of this.bytes(length).toReversed()) value = (value << 8n) | BigInt(byte)
    const signed = BigInt.asIntN(8 * length, value)
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed
  }

  text(length: number): string {
    return new TextDecoder().decode(this.bytes(length))
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** Up to the next line feed, which is passed over. */
  line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + MAX_NAME_BYTES).indexOf(10)
    if (end < 0)
      throw this.#fail(`expected a name of at most ${MAX_NAME_BYTES} bytes in the pickle stream, found no end`)
    const text = this.text(end)
    this.#advance(1)
    return text
  }

  #advance(length: number): number {
    const left = this.#bytes.length - this.#at
    if (length > left) {
      throw this.#fail(`expected ${length} more bytes in the pickle stream at byte ${this.#at}, found ${left}`)
    }
    this.#at += length
    return this.#at - length
  }
}
