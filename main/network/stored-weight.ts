import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import { dirname, parse, relative, sep } from 'node:path'
import { valueCount } from '../checkpoint/tensor-index.ts'
import type { TensorEntry } from '../checkpoint/tensor-index.ts'
import { StudioError } from '../contract/failure.ts'
import type { WeightRegion } from '../runtime/graph.ts'
import type { ElementType, OnnxInitializer } from './onnx/model.ts'

/** A tensor of the checkpoint, or a part of it, under the name it has in the graph. */
export interface StoredWeight {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly file: string
  readonly offset: number
  readonly length: number
  /** Values of the checkpoint that it stands for, where its shape does not say; 0 for bytes that another one counts. */
  readonly values?: number
  /** When its file was last written, in ms, as its header was read. */
  readonly changedAt?: number
}

/** The index-th of `count` equal parts along the first dimension. */
export interface Part {
  readonly index: number
  readonly count: number
}

const WHOLE: Part = { index: 0, count: 1 }

/** Storage types that the runtime's Cast turns into float32 exactly (float64: rounded). */
const ELEMENT_TYPES: Readonly<Record<string, ElementType>> = {
  F32: 'float',
  F16: 'float16',
  BF16: 'bfloat16',
  F64: 'double',
  F8_E4M3: 'float8e4m3fn',
  F8_E5M2: 'float8e5m2',
}

/**
 * Where `entry`, or the part of it that has this shape, lies.
 * @throws StudioError checkpoint-unsupported on another shape or a storage type that is no float
 */
export function storedWeight(entry: TensorEntry, name: string, shape: readonly number[], part = WHOLE): StoredWeight {
  const type = ELEMENT_TYPES[entry.dtype]
  if (type === undefined) {
    throw unsupported(entry, `expected one of ${Object.keys(ELEMENT_TYPES).join(', ')}, found ${entry.dtype}`)
  }
  const [rows = 1, ...rest] = shape
  const whole = [rows * part.count, ...rest]
  if (withoutOnes(entry.shape) !== withoutOnes(whole)) {
    throw unsupported(entry, `expected shape [${whole.join(', ')}], found [${entry.shape.join(', ')}]`)
  }
  const length = entry.sizeBytes / part.count
  const offset = entry.offset + part.index * length
  const suffix = part.count === 1 ? '' : `[${part.index}/${part.count}]`
  const { file, changedAt } = entry
  const place = { name: name + suffix, type, shape, file, offset, length }
  return changedAt === undefined ? place : { ...place, changedAt }
}

/**
 * Where a tensor of a file that joins the checkpoint lies, its values taken to have `shape`: its dimensions may be grouped
 * otherwise, as [r, in, 3, 3] for [r, in·9].
 * @throws StudioError checkpoint-unsupported on another number of values or a storage type that is no float
 */
export function storedFactor(entry: TensorEntry, name: string, shape: readonly number[], part = WHOLE): StoredWeight {
  const [rows = 1, ...rest] = shape
  const whole = [rows * part.count, ...rest]
  if (valueCount(entry.shape) !== valueCount(whole)) {
    throw unsupported(entry, `expected ${valueCount(whole)} values, found shape [${entry.shape.join(', ')}]`)
  }
  return storedWeight({ ...entry, shape: whole }, name, shape, part)
}

/**
 * The weights as initializers whose files are named relative to `folder`, and with their files' real paths. What lies on
 * another drive than the first weight has no such name: its bytes become part of the graph.
 * @throws StudioError model-missing when a file is gone
 */
export function placed(
  weights: readonly StoredWeight[],
  rootOf = (file: string): string => parse(file).root,
): {
  folder: string
  initializers: OnnxInitializer[]
  /** Those that stay in their files. */
  weights: StoredWeight[]
} {
  const real = new Map([...new Set(weights.map(({ file }) => file))].map((file) => [file, realPath(file)]))
  const resolved = weights.map((weight) => ({ ...weight, file: real.get(weight.file) ?? weight.file }))
  const [first] = resolved
  const isNear = ({ file }: StoredWeight): boolean => first === undefined || rootOf(file) === rootOf(first.file)
  const near = resolved.filter(isNear)
  const folder = commonFolder(near.map(({ file }) => file))
  const initializers = resolved.map((weight) => {
    const { name, type, shape, file, offset, length } = weight
    if (!isNear(weight)) return { name, type, shape, data: bytesOf(weight) }
    const location = relative(folder, file).split(sep).join('/')
    return { name, type, shape, data: { location, offset, length } }
  })
  return { folder, initializers, weights: near }
}

/** What the runtime is told of a weight's place. */
export function regionOf({ name, shape, values, file, offset, length, changedAt }: StoredWeight): WeightRegion {
  const place = { tensor: name, file, offset, length, values: values ?? valueCount(shape) }
  const region: WeightRegion = values === undefined ? place : { ...place, isInBlocks: true }
  return changedAt === undefined ? region : { ...region, changedAt }
}

function bytesOf({ file, offset, length }: StoredWeight): Uint8Array {
  const bytes = new Uint8Array(length)
  const handle = openSync(file, 'r')
  try {
    const found = readSync(handle, bytes, 0, length, offset)
    if (found === length) return bytes
    throw new StudioError(
      'checkpoint-unsupported',
      `${file}: expected ${length} bytes at byte ${offset}, found ${found}`,
    )
  } finally {
    closeSync(handle)
  }
}

/** A 1x1 convolution, a linear layer and a vector spread over an image hold the same bytes: trailing ones do not count. */
function withoutOnes(shape: readonly number[]): string {
  const kept = [...shape]
  while (kept.length > 1 && kept.at(-1) === 1) kept.pop()
  return kept.join()
}

/** Model caches keep links to files elsewhere, and the runtime refuses links that leave the weights folder. */
function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch (error) {
    throw new StudioError('model-missing', `${file}: expected the weights file, found none`, { cause: error })
  }
}

function commonFolder(files: readonly string[]): string {
  const [first, ...others] = [...new Set(files.map((file) => dirname(file)))]
  if (first === undefined) return ''
  let parts = first.split(sep)
  for (const other of others) {
    const theirs = other.split(sep)
    const split = parts.findIndex((part, i) => part !== theirs[i])
    if (split >= 0) parts = parts.slice(0, split)
  }
  // What is left of a drive alone, as C:, would be that drive's current folder.
  return parts.length === 1 ? `${parts[0] ?? ''}${sep}` : parts.join(sep) || sep
}

function unsupported(entry: TensorEntry, sentence: string): StudioError {
  return new StudioError('checkpoint-unsupported', `${entry.file}: tensor ${entry.name}: ${sentence}`)
}
