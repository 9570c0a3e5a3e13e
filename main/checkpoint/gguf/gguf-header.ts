import type { BoundedFile } from '../bounded-file.ts'

/** What a GGUF file says of itself: words and numbers as text, lists of whole numbers, and where its tensors lie. */
export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, string | readonly number[]>
  readonly tensors: readonly GgufTensor[]
  /** Bytes of the file that the header takes, before any padding. */
  readonly sizeBytes: number
}

export interface GgufTensor {
  readonly name: string
  /** Slowest dimension first, as everywhere here; the file has them the other way round. */
  readonly shape: readonly number[]
  /** Its number in ggml.h. */
  readonly type: number
  /** From the start of the data. */
  readonly offset: number
}

/** Thrown when the bytes at hand end before the header does. */
class NeedsMore extends Error {
  readonly bytes: number

  constructor(bytes: number) {
    super('the header goes on')
    this.bytes = bytes
  }
}

const FIRST_READ_BYTES = 1 << 18
/** Headers with a language model's vocabulary take some megabytes; a picture model's much less. */
const MAX_HEADER_BYTES = 100_000_000
/** ggml's own limits. */
const MAX_DIMENSIONS = 4
const MAX_NAME_BYTES = 1024
const MAX_ARRAY_DEPTH = 4
/** A list of numbers longer than this is a vocabulary's. */
const MAX_KEPT_NUMBERS = 16
const LEAST_TENSOR_BYTES = 24
const LEAST_VALUE_BYTES = 12

/**
 * The header of a GGUF file, versions 2 and 3 (docs/gguf.md of the ggml project).
 * @throws StudioError checkpoint-unsupported
 */
export async function readGgufHeader(file: BoundedFile): Promise<GgufHeader> {
  let length = Math.min(file.sizeBytes, FIRST_READ_BYTES)
  for (;;) {
    const bytes = await file.read(0, length)
    try {
      return new HeaderReader(file, bytes).read()
    } catch (error) {
      if (!(error instanceof NeedsMore)) throw error
      if (error.bytes > MAX_HEADER_BYTES) {
        throw file.fail(`expected a GGUF header of at most ${MAX_HEADER_BYTES} bytes, found more`, error)
      }
      length = Math.min(file.sizeBytes, Math.max(2 * length, error.bytes))
    }
  }
}

class HeaderReader {
  readonly #file: BoundedFile
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 4

  constructor(file: BoundedFile, bytes: Uint8Array<ArrayBuffer>) {
    this.#file = file
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }

  read(): GgufHeader {
    const version = this.#uint32()
    if (version !== 2 && version !== 3) {
      const isSwapped = version % 0x1000000 === 0
      throw this.#file.fail(`expected GGUF version 2 or 3, found ${isSwapped ? 'big-endian numbers' : version}`)
    }
    const tensorCount = this.#count('tensors', LEAST_TENSOR_BYTES)
    const valueCount = this.#count('values', LEAST_VALUE_BYTES)
    const metadata = new Map<string, string | readonly number[]>()
    for (let i = 0; i < valueCount; i++) {
      const key = this.#text()
      const value = this.#value(this.#uint32(), 0)
      if (value !== null) metadata.set(key, value)
    }
    const tensors: GgufTensor[] = []
    for (let i = 0; i < tensorCount; i++) tensors.push(this.#tensor())
    return { metadata, tensors, sizeBytes: this.#at }
  }

  #tensor(): GgufTensor {
    const name = this.#text(MAX_NAME_BYTES)
    const dimensions = this.#uint32()
    if (dimensions > MAX_DIMENSIONS) {
      throw this.#file.fail(`tensor ${name}: expected at most ${MAX_DIMENSIONS} dimensions, found ${dimensions}`)
    }
    const shape = Array.from({ length: dimensions }, () =>
      this.#uint64(`tensor ${name}: expected dimensions`),
    ).toReversed()
    return { name, shape, type: this.#uint32(), offset: this.#uint64(`tensor ${name}: expected an offset`) }
  }

  /** A value as text, or a short list of whole numbers; null for anything else. */
  #value(type: number, depth: number): string | readonly number[] | null {
    switch (type) {
      case 0:
        return String(this.#view.getUint8(this.#advance(1)))
      case 1:
        return String(this.#view.getInt8(this.#advance(1)))
      case 2:
        return String(this.#view.getUint16(this.#advance(2), true))
      case 3:
        return String(this.#view.getInt16(this.#advance(2), true))
      case 4:
        return String(this.#uint32())
      case 5:
        return String(this.#view.getInt32(this.#advance(4), true))
      case 6:
        return String(this.#view.getFloat32(this.#advance(4), true))
      case 7:
        return String(this.#view.getUint8(this.#advance(1)) !== 0)
      case 8:
        return this.#text()
      case 9:
        return this.#array(depth)
      case 10:
        return String(this.#view.getBigUint64(this.#advance(8), true))
      case 11:
        return String(this.#view.getBigInt64(this.#advance(8), true))
      case 12:
        return String(this.#view.getFloat64(this.#advance(8), true))
      default:
        throw this.#file.fail(`expected a known type of value in the GGUF header, found ${type}`)
    }
  }

  #array(depth: number): readonly number[] | null {
    if (depth >= MAX_ARRAY_DEPTH)
      throw this.#file.fail(`expected lists at most ${MAX_ARRAY_DEPTH} deep in the GGUF header, found more`)
    const type = this.#uint32()
    // Whatever the type, a value takes a byte or more.
    const count = this.#count('values of a list', 1)
    const numbers: number[] = []
    for (let i = 0; i < count; i++) {
      const value = this.#value(type, depth + 1)
      if (count <= MAX_KEPT_NUMBERS && typeof value === 'string') numbers.push(Number(value))
    }
    return numbers.length === count && numbers.every(Number.isSafeInteger) ? numbers : null
  }

  /** How many things follow, each of which takes this many bytes at least: no more than the file has room for. */
  #count(what: string, leastBytes: number): number {
    const count = this.#uint64(`expected a number of ${what}`)
    const room = Math.floor((this.#file.sizeBytes - this.#at) / leastBytes)
    if (count <= room) return count
    throw this.#file.fail(`expected at most ${room} ${what} in a file of ${this.#file.sizeBytes} bytes, found ${count}`)
  }

  #text(maxBytes = MAX_HEADER_BYTES): string {
    const length = this.#uint64('expected the length of a text')
    if (length > maxBytes) throw this.#file.fail(`expected a text of at most ${maxBytes} bytes, found ${length}`)
    const start = this.#advance(length)
    return new TextDecoder().decode(this.#bytes.subarray(start, start + length))
  }

  #uint32(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  #uint64(expectation: string): number {
    const value = this.#view.getBigUint64(this.#advance(8), true)
    if (value <= Number.MAX_SAFE_INTEGER) return Number(value)
    throw this.#file.fail(`${expectation} below 2^53, found ${value.toString()}`)
  }

  #advance(length: number): number {
    const end = this.#at + length
    if (end > this.#file.sizeBytes) {
      throw this.#file.fail(
        `expected ${length} more bytes of the GGUF header at byte ${this.#at}, found the file's end`,
      )
    }
    if (end > this.#bytes.length) throw new NeedsMore(end)
    this.#at = end
    return end - length
  }
}
