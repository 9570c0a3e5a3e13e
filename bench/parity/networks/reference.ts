import { readIntegers, readTensor } from '../../../main/checkpoint/safetensors.ts'
import type { TensorEntry } from '../../../main/checkpoint/safetensors.ts'
import type { OnnxGraph } from '../../../main/runtime/graph.ts'
import { loadNetwork } from '../../../main/runtime/network.ts'
import type { Feed } from '../../../main/runtime/network.ts'
import type { Tensor } from '../../../main/tensor/tensor.ts'
import { largestDifference } from '../case.ts'
import type { ParityCase } from '../case.ts'

/** A file of reference tensors. */
export type Reference = ReadonlyMap<string, TensorEntry>

/** Largest absolute difference of float32 passes whose outputs deviate by about 1. */
export const PASS_TOLERANCE = 5e-5

export type Outputs = Record<string, Tensor>

/** Computes when first asked, and then keeps the result. */
export function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => (result ??= compute())
}

/** The n of each tensor whose name fits the pattern. */
export function caseIndices(reference: Reference, pattern: RegExp): number[] {
  return [...reference.keys()].flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number)
}

/** The tensor as float32. */
export function read(reference: Reference, name: string): Promise<Tensor> {
  return readTensor(entryOf(reference, name))
}

/** An int64 tensor, for a network to take. */
export async function readIds(reference: Reference, name: string): Promise<Feed> {
  const entry = entryOf(reference, name)
  return { shape: entry.shape, data: BigInt64Array.from(await readIntegers(entry), BigInt) }
}

/** What a network gives against what was expected; skipped where the network has no such output. */
export function compared(
  name: string,
  tolerance: number,
  find: () => Promise<Tensor | undefined>,
  expect: () => Promise<Tensor>,
): ParityCase {
  return {
    name,
    run: async () => {
      const [found, expected] = [await find(), await expect()]
      if (found === undefined) return { skipped: 'the graph has no such output' }
      if (found.shape.join() !== expected.shape.join()) {
        throw new Error(`expected shape [${expected.shape.join(', ')}], found [${found.shape.join(', ')}]`)
      }
      return { error: largestDifference(found.data, expected.data), tolerance }
    },
  }
}

/** The outputs of one pass for each key, by key; the network is loaded for these passes alone. */
export async function computed<K extends string | number>(
  graph: OnnxGraph,
  keys: readonly K[],
  feeds: (key: K) => Promise<Record<string, Feed>>,
): Promise<Partial<Record<K, Outputs>>> {
  const network = await loadNetwork(graph)
  try {
    const outputs: Partial<Record<K, Outputs>> = {}
    for (const key of keys) outputs[key] = await network.run(await feeds(key))
    return outputs
  } finally {
    await network.release()
  }
}

function entryOf(reference: Reference, name: string): TensorEntry {
  const entry = reference.get(name)
  if (!entry) throw new Error(`expected reference tensor ${name}, found ${[...reference.keys()].join(', ')}`)
  return entry
}
