import { writeFile } from 'node:fs/promises'
import { readTensor } from '../checkpoint/safetensors.ts'
import { writeTensors } from '../checkpoint/test-models.ts'
import type { StoredTensor } from '../checkpoint/test-models.ts'
import type { Component, Weights } from '../checkpoint/weights.ts'
import { gaussianNoise } from '../tensor/noise.ts'

/** A tensor of a LoRA in a test: its values, the same that its file holds. */
export interface Factor {
  readonly shape: readonly number[]
  readonly values: Float64Array
}

/** Values around `scale`, the same for the same seed, exact in float32. */
export function factor(seed: number, shape: readonly number[], scale = 0.3): Factor {
  return { shape, values: Float64Array.from(gaussianNoise(seed, 0, shape).data, (value) => Math.fround(value * scale)) }
}

export function scalar(value: number): Factor {
  return { shape: [], values: Float64Array.of(value) }
}

/** Writes the tensors in float32, as a .safetensors file. */
export async function writeLora(path: string, tensors: Readonly<Record<string, Factor>>): Promise<string> {
  const stored = Object.entries(tensors).map(([name, { shape, values }]): [string, StoredTensor] => [
    name,
    { dtype: 'F32', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) },
  ])
  await writeTensors(path, new Map(stored))
  return path
}

/** What is added to a tensor, given its values and shape in the model. */
export type Addition = (values: Float64Array, shape: readonly number[]) => Float64Array

/** The network with the additions in its weights, computed here in float64 and written to `path`. */
export async function merged<C>(
  { config, weights }: Component<C>,
  additions: Readonly<Record<string, Addition>>,
  path: string,
): Promise<Component<C>> {
  const parts: Uint8Array[] = []
  const changed = new Map<string, ReturnType<Weights['require']>>()
  let offset = 0
  for (const [name, addition] of Object.entries(additions)) {
    const entry = weights.require(name)
    const values = Float64Array.from((await readTensor(entry)).data)
    const added = addition(values, entry.shape)
    const bytes = new Uint8Array(values.map((value, i) => value + (added[i] ?? NaN)).buffer)
    changed.set(name, { ...entry, dtype: 'F64', file: path, offset, sizeBytes: bytes.length })
    parts.push(bytes)
    offset += bytes.length
  }
  await writeFile(path, Buffer.concat(parts))
  const find: Weights['find'] = (name) => changed.get(name) ?? weights.find(name)
  return { config, weights: { ...weights, find, require: (name) => changed.get(name) ?? weights.require(name) } }
}
