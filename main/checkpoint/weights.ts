import { StudioError } from '../contract/failure.ts'
import type { ExpectedTensors } from './expected/layers.ts'
import type { TensorEntry } from './tensor-index.ts'
import type { WeightDeltas } from './weight-delta.ts'

/** A network's tensors by the names of the diffusers and transformers libraries, whatever the file calls them. */
export interface Weights {
  /** What the network needs and the file has. */
  readonly names: readonly string[]
  find(name: string): TensorEntry | undefined
  /** @throws StudioError checkpoint-unsupported, naming the file and what was looked for */
  require(name: string): TensorEntry
}

/**
 * One network of a checkpoint. The entries' shapes are the config's, save that a 1x1 convolution [o, i, 1, 1] and a
 * linear layer [o, i] may stand for each other: the entry says which the file has.
 */
export interface Component<C> {
  readonly config: C
  readonly weights: Weights
  /** What joined files (LoRAs) add to its weights. */
  readonly deltas?: WeightDeltas
}

/** Where a file may hold a tensor: its name there, or that of a tensor of which it is the index-th of `count` equal parts. */
export type StoredName = string | { readonly whole: string; readonly index: number; readonly count: number }

/** The places where a file may hold a tensor, likeliest first. */
export type NameMap = (name: string) => readonly StoredName[]

interface WeightsSource {
  /** The file or folder that messages name. */
  readonly path: string
  readonly entries: ReadonlyMap<string, TensorEntry>
  readonly nameMap: NameMap
}

/** What is wrong with a network's weights: names it needs and the file lacks, and sentences about the others. */
export interface WeightProblems {
  readonly missing: readonly string[]
  readonly faults: readonly string[]
}

/** Storage types a graph can take in. */
const WEIGHT_DTYPES: readonly string[] = ['F16', 'BF16', 'F32', 'F64', 'F8_E4M3', 'F8_E5M2', 'Q8_0']

/** The tensors of `source` that the network with these expectations uses, by its own names. */
export function weightsOver(source: WeightsSource, expected: ExpectedTensors): Weights {
  const find = (name: string): TensorEntry | undefined => {
    for (const stored of source.nameMap(name)) {
      const entry = source.entries.get(nameInFile(stored))
      if (entry) return typeof stored === 'string' ? entry : part(entry, stored)
    }
    return undefined
  }
  return {
    names: [...expected.keys()].filter((name) => find(name) !== undefined),
    find,
    require(name) {
      const entry = find(name)
      if (entry) return entry
      const stored = nameInFile(source.nameMap(name)[0] ?? name)
      const alias = stored === name ? '' : ` (the network's ${name})`
      throw new StudioError('checkpoint-unsupported', `${source.path}: expected tensor ${stored}${alias}, found none`)
    },
  }
}

/** The tensor's name in the file; of a part, the whole's. */
export function nameInFile(stored: StoredName): string {
  return typeof stored === 'string' ? stored : stored.whole
}

/** A part along the first dimension; a whole that cannot be split so stays whole, for its shape to be found wrong. */
function part(entry: TensorEntry, { index, count }: Exclude<StoredName, string>): TensorEntry {
  const [rows = 0, ...rest] = entry.shape
  if (rows % count !== 0) return entry
  const sizeBytes = entry.sizeBytes / count
  return { ...entry, shape: [rows / count, ...rest], offset: entry.offset + index * sizeBytes, sizeBytes }
}

/** What stands between these weights and the network that expects `expected`; both lists empty when nothing does. */
export function weightProblems(weights: Weights, expected: ExpectedTensors): WeightProblems {
  const missing: string[] = []
  const faults: string[] = []
  for (const [name, shape] of expected) {
    const entry = weights.find(name)
    if (!entry) missing.push(name)
    else if (!isSameUpToUnitKernel(entry.shape, shape)) {
      faults.push(`tensor ${entry.name}: expected shape [${shape.join(', ')}], found [${entry.shape.join(', ')}]`)
    } else if (!WEIGHT_DTYPES.includes(entry.dtype)) {
      faults.push(`tensor ${entry.name}: expected dtype ${WEIGHT_DTYPES.join(', ')}, found ${entry.dtype}`)
    }
  }
  return { missing, faults }
}

function isSameUpToUnitKernel(found: readonly number[], expected: readonly number[]): boolean {
  return withoutUnitKernel(found) === withoutUnitKernel(expected)
}

function withoutUnitKernel(shape: readonly number[]): string {
  return (shape.length === 4 && shape[2] === 1 && shape[3] === 1 ? shape.slice(0, 2) : shape).join()
}
