import type { StudioError } from '../../contract/failure.ts'
import { ExternalFiles } from './external-files.ts'
import { wireFields } from './wire.ts'
import type { WireField, WireFile } from './wire.ts'

/** A weight of a graph and where its bytes lie: little-endian, C order. */
export interface StoredInitializer {
  readonly name: string
  /** Its number in TensorProto.DataType. */
  readonly dataType: number
  readonly shape: readonly number[]
  /** Absolute, without links. */
  readonly file: string
  readonly offset: number
  readonly sizeBytes: number
  /** When the file was last written, in ms, as the graph was read. */
  readonly changedAt: number
}

/** A small tensor: its TensorProto as it is. */
interface Constant {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Bytes of a value by TensorProto.DataType: float, (u)int8/16/32/64, bool, float16, double, bfloat16. */
const VALUE_BYTES: Readonly<Record<number, number>> = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  10: 2,
  11: 8,
  12: 4,
  13: 8,
  16: 2,
}
const FLOAT = 1

/** Tensors up to this size stay in the graph. */
const CONSTANT_BYTES = 4096
/** Numbers that do not lie as such in the file are few. */
const MAX_CONSTANT_BYTES = 16 << 20

const utf8 = new TextDecoder()

interface Fields {
  name: string
  dataType: number
  shape: number[]
  /** In the ONNX file itself. */
  data: WireField | null
  external: Map<string, string>
}

/** Reads the TensorProto messages of one file. */
export class InitializerReader {
  readonly #wire: WireFile
  readonly #external: ExternalFiles

  constructor(wire: WireFile) {
    this.#wire = wire
    this.#external = new ExternalFiles(wire.file)
  }

  /** @throws StudioError checkpoint-unsupported */
  async read(tensor: WireField): Promise<StoredInitializer | Constant> {
    const fields = await this.#fields(tensor)
    if (fields.external.size > 0) return this.#fromElsewhere(fields)
    const { name, dataType, shape, data } = fields
    const messageBytes = tensor.end - tensor.start
    if (messageBytes <= CONSTANT_BYTES || data === null) {
      if (messageBytes > MAX_CONSTANT_BYTES) throw this.#fail(`tensor ${name}: expected raw data, found another kind`)
      return { name, bytes: await this.#wire.bytes(tensor) }
    }
    const sizeBytes = data.end - data.start
    this.#requireSize(fields, sizeBytes)
    const { file, changedAt } = await this.#external.own()
    return { name, dataType, shape, file, offset: data.start, sizeBytes, changedAt }
  }

  async #fromElsewhere(fields: Fields): Promise<StoredInitializer> {
    const { name, dataType, shape, external } = fields
    const place = await this.#external.find(name, external.get('location') ?? '')
    const offset = this.#number(name, 'offset', external.get('offset') ?? '0')
    const rest = Math.max(0, place.sizeBytes - offset)
    const given = external.get('length')
    const sizeBytes = given === undefined ? this.#expectedBytes(fields) : this.#number(name, 'length', given)
    this.#requireSize(fields, sizeBytes)
    if (sizeBytes > rest) {
      throw this.#fail(`tensor ${name}: expected ${sizeBytes} bytes at byte ${offset} of ${place.file}, found ${rest}`)
    }
    return { name, dataType, shape, file: place.file, offset, sizeBytes, changedAt: place.changedAt }
  }

  async #fields({ start, end }: WireField): Promise<Fields> {
    const found: Fields = { name: '', dataType: 0, shape: [], data: null, external: new Map() }
    for await (const field of this.#wire.fields(start, end)) {
      if (field.number === 1) found.shape.push(...(await this.#dimensions(field)))
      else if (field.number === 2) found.dataType = Number(field.value ?? 0n)
      else if (field.number === 8) found.name = utf8.decode(await this.#wire.bytes(field))
      else if (field.number === 9) found.data = field
      // Floats in a field of their own lie one after the other like raw ones, if they are packed.
      else if (field.number === 4 && found.dataType === FLOAT && field.end - field.start > 4) found.data = field
      else if (field.number === 13) found.external.set(...entry(await this.#wire.bytes(field)))
    }
    return found
  }

  /** One, or several packed. */
  async #dimensions(field: WireField): Promise<number[]> {
    if (field.value !== null) return [Number(field.value)]
    const bytes = await this.#wire.bytes(field)
    const sizes: number[] = []
    let size = 0n
    let shift = 0n
    for (const byte of bytes.subarray(0, 160)) {
      size |= BigInt(byte & 127) << shift
      shift += 7n
      if (byte > 127) continue
      sizes.push(Number(size))
      size = 0n
      shift = 0n
    }
    return sizes
  }

  #requireSize(fields: Fields, sizeBytes: number): void {
    const expected = this.#expectedBytes(fields)
    if (sizeBytes === expected) return
    const shape = fields.shape.join(', ')
    throw this.#fail(`tensor ${fields.name}: expected ${expected} bytes for shape [${shape}], found ${sizeBytes}`)
  }

  #expectedBytes({ name, dataType, shape }: Fields): number {
    const bytes = VALUE_BYTES[dataType]
    if (bytes === undefined) throw this.#fail(`tensor ${name}: expected numbers, found data type ${dataType}`)
    return shape.reduce((product, size) => product * size, bytes)
  }

  #number(tensor: string, what: string, text: string): number {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN
    if (Number.isSafeInteger(value)) return value
    throw this.#fail(`tensor ${tensor}: ${what}: expected a number of bytes, found "${text.slice(0, 40)}"`)
  }

  #fail(sentence: string): StudioError {
    return this.#wire.file.fail(sentence)
  }
}

/** StringStringEntryProto. */
function entry(bytes: Uint8Array): [key: string, value: string] {
  let [key, value] = ['', '']
  for (const { number, start, end } of wireFields(bytes)) {
    if (number === 1) key = utf8.decode(bytes.subarray(start, end))
    if (number === 2) value = utf8.decode(bytes.subarray(start, end))
  }
  return [key, value]
}
