import { StudioError } from '../contract/failure.ts'
import { show } from './json-file.ts'
import { DTYPE_BYTES } from './tensor-index.ts'
import type { PlainDtype, TensorEntry, TensorIndex } from './tensor-index.ts'

/**
 * The index that a header's text describes. As strict as the reference reader: the tensors must cover the data exactly,
 * so that a header that lies about its length cannot shift the weights.
 * @param dataStart byte of the file at which the header ends
 * @throws StudioError checkpoint-unsupported
 */
export function parseHeader(text: string, path: string, dataStart: number, fileBytes: number): TensorIndex {
  let header: unknown
  try {
    header = JSON.parse(text)
  } catch (error) {
    throw unsupported(path, 'expected a header in JSON, found text that does not parse', error)
  }
  if (!isRecord(header)) throw unsupported(path, 'expected a JSON object as header, found another value')
  rejectRepeatedNames(text, path)

  const entries = new Map<string, TensorEntry>()
  for (const [name, value] of Object.entries(header)) {
    if (name !== '__metadata__') entries.set(name, parseEntry(name, value, path, dataStart))
  }
  checkCoverage([...entries.values()], path, dataStart, fileBytes)
  return { file: path, sizeBytes: fileBytes, entries, metadata: parseMetadata(header['__metadata__'], path) }
}

function parseEntry(name: string, value: unknown, path: string, dataStart: number): TensorEntry {
  const fail = (sentence: string) => unsupported(path, `tensor ${name}: ${sentence}`)
  if (!isRecord(value)) throw fail('expected an object with dtype, shape and data_offsets, found another value')

  const { dtype, shape, data_offsets: offsets } = value
  if (!isDtype(dtype)) throw fail(`expected a dtype of ${Object.keys(DTYPE_BYTES).join(', ')}, found ${show(dtype)}`)
  if (!isSizes(shape)) throw fail(`expected a shape of whole numbers, found ${show(shape)}`)
  if (!isSizes(offsets) || offsets.length !== 2) throw fail(`expected two data_offsets, found ${show(offsets)}`)

  const [begin = 0, end = 0] = offsets
  const sizeBytes = shape.reduce((product, dimension) => product * dimension, DTYPE_BYTES[dtype])
  if (end - begin !== sizeBytes) {
    throw fail(`expected ${sizeBytes} bytes for ${dtype} [${shape.join(', ')}], found data_offsets ${begin} to ${end}`)
  }
  return { name, dtype, shape, file: path, offset: dataStart + begin, sizeBytes }
}

function checkCoverage(entries: TensorEntry[], path: string, dataStart: number, fileBytes: number): void {
  entries.sort((a, b) => a.offset - b.offset || a.sizeBytes - b.sizeBytes)
  let end = dataStart
  let before = 'the header'
  for (const { name, offset, sizeBytes } of entries) {
    if (offset !== end) {
      const relation = offset < end ? 'overlaps' : 'leaves a gap after'
      throw unsupported(path, `tensor ${name} ${relation} ${before}: expected it at byte ${end}, found ${offset}`)
    }
    end += sizeBytes
    before = `tensor ${name}`
    if (end > fileBytes) {
      throw unsupported(
        path,
        `the file is truncated: expected tensor ${name} to end at byte ${end}, found ${fileBytes} bytes`,
      )
    }
  }
  if (end !== fileBytes) throw unsupported(path, `expected the file to end at byte ${end}, found ${fileBytes} bytes`)
}

/** JSON keeps the last of two equal names without a word; here each name of the outermost object counts. */
function rejectRepeatedNames(text: string, path: string): void {
  const names = new Set<string>()
  for (const name of outermostNames(text)) {
    if (names.has(name)) throw unsupported(path, `tensor ${name}: expected the name once, found it twice`)
    names.add(name)
  }
}

/** @param text JSON known to parse */
function* outermostNames(text: string): Generator<string> {
  let depth = 0
  const mark = /["{}[\]]/g
  for (let found = mark.exec(text); found; found = mark.exec(text)) {
    if (found[0] === '{' || found[0] === '[') depth++
    else if (found[0] === '}' || found[0] === ']') depth--
    else {
      mark.lastIndex = afterString(text, found.index)
      const colon = /\s*:/y
      colon.lastIndex = mark.lastIndex
      if (depth === 1 && colon.test(text)) yield String(JSON.parse(text.slice(found.index, mark.lastIndex)))
    }
  }
}

function afterString(text: string, start: number): number {
  let end = start + 1
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  return end + 1
}

function parseMetadata(value: unknown, path: string): Record<string, string> {
  if (value === undefined || value === null) return {}
  if (!isRecord(value)) throw unsupported(path, 'expected __metadata__ to be an object, found another value')
  const texts = Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return Object.fromEntries(texts)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isDtype(value: unknown): value is PlainDtype {
  return typeof value === 'string' && Object.hasOwn(DTYPE_BYTES, value)
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && Number(item) >= 0)
}

function unsupported(path: string, sentence: string, cause?: unknown): StudioError {
  return new StudioError('checkpoint-unsupported', `${path}: ${sentence}`, cause === undefined ? {} : { cause })
}
