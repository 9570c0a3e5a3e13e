import type { BoundedFile } from '../bounded-file.ts'

/** A field of a message in the protocol buffers wire format. */
export interface WireField {
  readonly number: number
  /** Of a varint; null for every other kind. */
  readonly value: bigint | null
  /** Where the content lies: of a string, bytes or message without its length. */
  readonly start: number
  readonly end: number
}

const VARINT = 0
const FIXED_64 = 1
const LENGTH_DELIMITED = 2
const FIXED_32 = 5

/** A field's number and kind, and its varint or length, take no more bytes than this. */
const MAX_HEAD_BYTES = 20

/** The fields of a message in memory, in their order. @throws RangeError when the bytes are no such message */
export function wireFields(bytes: Uint8Array): WireField[] {
  const fields: WireField[] = []
  for (let at = 0; at < bytes.length;) {
    const field = fieldAt(bytes, at, bytes.length - at)
    fields.push(field)
    at = field.end
  }
  return fields
}

/** The field at `at` of bytes of which `room` belong to the message. */
function fieldAt(bytes: Uint8Array, at: number, room: number): WireField {
  const limit = at + room
  const tag = varint(bytes, at)
  const number = Number(tag.value >> 3n)
  const kind = Number(tag.value & 7n)
  if (number < 1 || number >= 2 ** 29) throw new RangeError(`expected a field's number, found ${number}`)
  const sized = (start: number, length: number, value: bigint | null = null): WireField => {
    if (start + length > limit) {
      throw new RangeError(`field ${number}: expected ${length} bytes, found ${Math.max(0, limit - start)}`)
    }
    return { number, value, start, end: start + length }
  }
  if (kind === FIXED_32) return sized(tag.end, 4)
  if (kind === FIXED_64) return sized(tag.end, 8)
  if (kind !== VARINT && kind !== LENGTH_DELIMITED) {
    throw new RangeError(`field ${number}: expected wire type 0, 1, 2 or 5, found ${kind}`)
  }
  const { value, end } = varint(bytes, tag.end)
  return kind === VARINT ? sized(tag.end, end - tag.end, value) : sized(end, Number(value))
}

function varint(bytes: Uint8Array, at: number): { value: bigint; end: number } {
  let value = 0n
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) throw new RangeError('expected a number, found the end of the message')
    value |= BigInt(byte & 127) << BigInt(7 * i)
    if (byte < 128) return { value: BigInt.asUintN(64, value), end: at + i + 1 }
  }
  throw new RangeError('expected a number of at most 10 bytes, found a longer one')
}

/** Messages of a file whose large fields are passed over, not read. */
export class WireFile {
  readonly file: BoundedFile
  readonly #windowBytes = 1 << 18
  #window: { readonly start: number; readonly bytes: Uint8Array } = { start: 0, bytes: new Uint8Array() }

  constructor(file: BoundedFile) {
    this.file = file
  }

  /** The fields of the message that lies from `start` to `end`. @throws StudioError checkpoint-unsupported */
  async *fields(start: number, end: number): AsyncGenerator<WireField, void, void> {
    for (let at = start; at < end;) {
      await this.#reach(at, Math.min(MAX_HEAD_BYTES, end - at))
      const offset = this.#window.start
      const field = this.#parsed(() => fieldAt(this.#window.bytes, at - offset, end - at), at)
      at = field.end + offset
      yield { ...field, start: field.start + offset, end: at }
    }
  }

  /** A field's content. */
  async bytes({ start, end }: WireField): Promise<Uint8Array> {
    if (end - start > this.#windowBytes) return this.file.read(start, end - start)
    await this.#reach(start, end - start)
    const from = start - this.#window.start
    return this.#window.bytes.slice(from, from + end - start)
  }

  async #reach(at: number, length: number): Promise<void> {
    const { start, bytes } = this.#window
    if (at >= start && at + length <= start + bytes.length) return
    const size = Math.max(length, Math.min(this.#windowBytes, this.file.sizeBytes - at))
    this.#window = { start: at, bytes: await this.file.read(at, size) }
  }

  #parsed<T>(parse: () => T, at: number): T {
    try {
      return parse()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw this.file.fail(`at byte ${at}: ${reason}; it is no ONNX file, or it was cut short`, error)
    }
  }
}
