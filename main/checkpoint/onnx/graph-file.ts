import type { StudioError } from '../../contract/failure.ts'
import { withFile } from '../bounded-file.ts'
import { InitializerReader } from './initializer.ts'
import type { StoredInitializer } from './initializer.ts'
import { checkNode } from './node.ts'
import { WireFile, wireFields } from './wire.ts'
import type { WireField } from './wire.ts'

/** A network that is a graph of its own in an ONNX file: all but the weights is in memory. */
export interface GraphFile {
  /** Absolute. */
  readonly path: string
  readonly irVersion: number
  /** Versions of the operator sets by domain; '' is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>
  /** NodeProto messages as they are. */
  readonly nodes: readonly Uint8Array[]
  /** Small TensorProto messages, as they are. */
  readonly constants: readonly Uint8Array[]
  /** Weights, in this file or in files beside it. */
  readonly weights: readonly StoredInitializer[]
  readonly inputs: readonly GraphValue[]
  readonly outputs: readonly GraphValue[]
}

/** What goes in or comes out; a dimension that is open is null. */
export interface GraphValue {
  readonly name: string
  /** Its number in TensorProto.DataType. */
  readonly dataType: number
  /** Null where not even the number of dimensions is told. */
  readonly shape: readonly (number | null)[] | null
}

/** Nodes and small constants of the largest network are some megabytes. */
const MAX_HEADER_BYTES = 128 << 20

const KNOWN_DOMAINS = new Set(['', 'ai.onnx', 'com.microsoft'])
/** The first version whose Slice takes its bounds as inputs and whose Clip its limits. */
const LEAST_OPSET = 11

/**
 * The graph of an ONNX file. Its weights are not read, in whatever file of the folder they lie.
 * @throws StudioError checkpoint-unsupported for a file that is none, that needs operators of its own, or whose weights
 * lie outside its folder or outside their files
 */
export async function readGraphFile(path: string): Promise<GraphFile> {
  return withFile(path, 'ONNX file', async (file) => {
    const wire = new WireFile(file)
    const reading = new Reading(path, wire)
    for await (const field of wire.fields(0, file.sizeBytes)) await reading.modelField(field)
    return reading.result()
  })
}

class Reading {
  readonly #path: string
  readonly #wire: WireFile
  #irVersion = 0
  #hasGraph = false
  readonly #opsets = new Map<string, number>()
  readonly #nodes: Uint8Array[] = []
  readonly #constants: Uint8Array[] = []
  readonly #weights: StoredInitializer[] = []
  readonly #initializers: InitializerReader
  readonly #initialized = new Set<string>()
  readonly #inputs: GraphValue[] = []
  readonly #outputs: GraphValue[] = []
  #headerBytes = 0

  constructor(path: string, wire: WireFile) {
    this.#path = path
    this.#wire = wire
    this.#initializers = new InitializerReader(wire)
  }

  /** Of ModelProto. */
  async modelField(field: WireField): Promise<void> {
    if (field.number === 1) this.#irVersion = Number(field.value ?? 0)
    else if (field.number === 7) await this.#graph(field)
    else if (field.number === 8) this.#addOpset(await this.#small(field))
    else if (field.number === 25) throw this.#fail('expected a graph of operators, found functions of its own')
  }

  result(): GraphFile {
    if (!this.#hasGraph) throw this.#fail('expected an ONNX graph, found none')
    const version = this.#opsets.get('') ?? 0
    if (version < LEAST_OPSET) throw this.#fail(`expected operator set ${LEAST_OPSET} or later, found ${version}`)
    return {
      path: this.#path,
      irVersion: this.#irVersion,
      opsets: this.#opsets,
      nodes: this.#nodes,
      constants: this.#constants,
      weights: this.#weights,
      // Files of the format's first versions list their weights among the inputs.
      inputs: this.#inputs.filter(({ name }) => !this.#initialized.has(name)),
      outputs: this.#outputs,
    }
  }

  async #graph({ start, end }: WireField): Promise<void> {
    if (this.#hasGraph) throw this.#fail('expected one graph, found two')
    this.#hasGraph = true
    for await (const field of this.#wire.fields(start, end)) {
      if (field.number === 1) this.#addNode(await this.#small(field))
      else if (field.number === 5) await this.#addInitializer(field)
      else if (field.number === 11) this.#inputs.push(this.#parsed(graphValue, await this.#small(field)))
      else if (field.number === 12) this.#outputs.push(this.#parsed(graphValue, await this.#small(field)))
      else if (field.number === 15) throw this.#fail('expected dense weights, found sparse ones')
    }
  }

  #addOpset(bytes: Uint8Array): void {
    const { domain, version } = this.#parsed(opset, bytes)
    if (!KNOWN_DOMAINS.has(domain)) {
      throw this.#fail(`expected operators of ONNX or of the runtime, found those of "${domain}"`)
    }
    this.#opsets.set(domain === 'ai.onnx' ? '' : domain, version)
  }

  #addNode(bytes: Uint8Array): void {
    const fault = this.#parsed((node) => checkNode(node, KNOWN_DOMAINS), bytes)
    if (fault !== null) throw this.#fail(fault)
    this.#nodes.push(bytes)
  }

  async #addInitializer(field: WireField): Promise<void> {
    const found = await this.#initializers.read(field)
    if (this.#initialized.has(found.name)) throw this.#fail(`expected tensor ${found.name} once, found it twice`)
    this.#initialized.add(found.name)
    if ('bytes' in found) {
      this.#count(found.bytes.length)
      this.#constants.push(found.bytes)
    } else this.#weights.push(found)
  }

  async #small(field: WireField): Promise<Uint8Array> {
    this.#count(field.end - field.start)
    return this.#wire.bytes(field)
  }

  #count(bytes: number): void {
    this.#headerBytes += bytes
    if (this.#headerBytes <= MAX_HEADER_BYTES) return
    throw this.#fail(`expected at most ${MAX_HEADER_BYTES} bytes besides the weights, found more`)
  }

  #parsed<T>(parse: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
    try {
      return parse(bytes)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw this.#wire.file.fail(`expected an ONNX graph, found a damaged one: ${reason}`, error)
    }
  }

  #fail(sentence: string): StudioError {
    return this.#wire.file.fail(sentence)
  }
}

const utf8 = new TextDecoder()

function opset(bytes: Uint8Array): { domain: string; version: number } {
  let [domain, version] = ['', 0]
  for (const { number, value, start, end } of wireFields(bytes)) {
    if (number === 1) domain = utf8.decode(bytes.subarray(start, end))
    if (number === 2) version = Number(value ?? 0)
  }
  return { domain, version }
}

/** ValueInfoProto → TypeProto → its tensor type → element type and shape. */
function graphValue(bytes: Uint8Array): GraphValue {
  let name = ''
  let dataType = 0
  let shape: (number | null)[] | null = null
  for (const field of wireFields(bytes)) {
    const content = bytes.subarray(field.start, field.end)
    if (field.number === 1) name = utf8.decode(content)
    if (field.number !== 2) continue
    for (const type of wireFields(content).filter(({ number }) => number === 1)) {
      const tensorType = content.subarray(type.start, type.end)
      for (const part of wireFields(tensorType)) {
        if (part.number === 1) dataType = Number(part.value ?? 0)
        if (part.number === 2) shape = dimensions(tensorType.subarray(part.start, part.end))
      }
    }
  }
  return { name, dataType, shape }
}

function dimensions(bytes: Uint8Array): (number | null)[] {
  return wireFields(bytes)
    .filter(({ number }) => number === 1)
    .map(({ start, end }) => {
      const [known] = wireFields(bytes.subarray(start, end)).filter(({ number }) => number === 1)
      return known === undefined ? null : Number(BigInt.asIntN(64, known.value ?? 0n))
    })
}
