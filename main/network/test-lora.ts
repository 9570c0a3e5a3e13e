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
    const { shape } = entry
    const values = Float64Array.from((await readTensor(entry)).data)
    const added = addition(values, shape)
    const bytes = new Uint8Array(values.map((value, i) => value + (added[i] ?? NaN)).buffer)
    changed.set(name, { name: entry.name, dtype: 'F64', shape, file: path, offset, sizeBytes: bytes.length })
    parts.push(bytes)
    offset += bytes.length
  }
  await writeFile(path, Buffer.concat(parts))
  const find: Weights['find'] = (name) => changed.get(name) ?? weights.find(name)
  return { config, weights: { ...weights, find, require: (name) => changed.get(name) ?? weights.require(name) } }
}

/** How many values a tensor of this shape has. */
export const size = (shape: readonly number[]): number => shape.reduce((all, length) => all * length, 1)
/** A value by its place. */
export const at = ({ values, shape }: Factor, ...index: number[]): number =>
  values[index.reduce((offset, i, axis) => offset * (shape[axis] ?? 1) + i, 0)] ?? NaN
const kernelOf = (shape: readonly number[]) => size(shape.slice(2))

/** A matrix [out, in·kernel] given by its values. */
export type Matrix = (o: number, column: number) => number

/** [o, r] · [r, in·kernel] */
export const product = (left: Factor, right: Factor): Matrix => {
  const rank = right.shape[0] ?? 0
  const width = size(right.shape.slice(1))
  return (o, column) => {
    let sum = 0
    for (let r = 0; r < rank; r++) sum += (left.values[o * rank + r] ?? NaN) * (right.values[r * width + column] ?? NaN)
    return sum
  }
}

/** sum of left(a, o) core[a, b, k] right[b, i] */
export const tucker = (left: (a: number, o: number) => number, core: Factor, right: Factor): Matrix => {
  const [ranks = 0, inner = 0] = core.shape
  const kernel = kernelOf(core.shape)
  const coreAt = (a: number, b: number, k: number) => core.values[(a * inner + b) * kernel + k] ?? NaN
  return (o, column) => {
    let sum = 0
    for (let a = 0; a < ranks; a++) {
      for (let b = 0; b < inner; b++) {
        sum += left(a, o) * coreAt(a, b, column % kernel) * at(right, b, Math.floor(column / kernel))
      }
    }
    return sum
  }
}

/** Each value of the outer matrix times the inner matrix. */
export const kronecker = (outer: Factor, inner: Matrix, innerOut: number, innerColumns: number): Matrix => {
  return (o, column) =>
    at(outer, Math.floor(o / innerOut), Math.floor(column / innerColumns)) * inner(o % innerOut, column % innerColumns)
}

/** The matrix as an addition to a weight, `scale` times. */
export const added = (matrix: Matrix, scale: number): Addition => {
  return (values, shape) => {
    const columns = size(shape.slice(1))
    return values.map((_, i) => scale * matrix(Math.floor(i / columns), i % columns))
  }
}

/** DoRA: V = W + scale·matrix, brought to the lengths, minus W. */
export const decomposed = (
  matrix: Matrix,
  scale: number,
  lengths: Factor,
  axis: 'out' | 'in',
  amount = 1,
): Addition => {
  return (values, shape) => {
    const columns = size(shape.slice(1))
    const group = (i: number) =>
      axis === 'out' ? Math.floor(i / columns) : Math.floor((i % columns) / kernelOf(shape))
    const changed = values.map((value, i) => value + scale * matrix(Math.floor(i / columns), i % columns))
    const squares = new Map<number, number>()
    changed.forEach((value, i) => squares.set(group(i), (squares.get(group(i)) ?? 0) + value ** 2))
    return values.map((value, i) => {
      const length = Math.sqrt(squares.get(group(i)) ?? NaN)
      return amount * (((changed[i] ?? NaN) * (lengths.values[group(i)] ?? NaN)) / length - value)
    })
  }
}
