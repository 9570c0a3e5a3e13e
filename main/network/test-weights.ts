import { writeFile } from 'node:fs/promises'
import type { TensorEntry } from '../checkpoint/safetensors.ts'
import type { Weights } from '../checkpoint/weights.ts'

export interface TestTensor {
  readonly dtype: TensorEntry['dtype']
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** Writes the tensors one after the other, the first at byte `start`; their places. */
export async function writeWeights(
  file: string,
  tensors: Readonly<Record<string, TestTensor>>,
  start = 0,
): Promise<TensorEntry[]> {
  const parts: Uint8Array[] = [new Uint8Array(start)]
  let offset = start
  const entries = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    const entry = { name, dtype, shape, file, offset, sizeBytes: bytes.length }
    parts.push(bytes)
    offset += bytes.length
    return entry
  })
  await writeFile(file, Buffer.concat(parts))
  return entries
}

export function weightsOf(entries: readonly TensorEntry[]): Weights {
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  return {
    names: [...byName.keys()],
    find: (name) => byName.get(name),
    require(name) {
      const entry = byName.get(name)
      if (!entry) throw new Error(`no tensor ${name}`)
      return entry
    },
  }
}

export const NO_WEIGHTS = weightsOf([])

export function float32(shape: readonly number[], values: readonly number[]): TestTensor {
  return { dtype: 'F32', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) }
}
