import type { FileHandle } from 'node:fs/promises'
import type { ExpectedTensors } from '../../main/checkpoint/expected/layers.ts'

/** float16 */
const VALUE_BYTES = 2
const ONE = 0x3c00
/** Values between 2^k and 2^(k+1), each as likely as the others, have this many times 2^k as their root mean square. */
const MEAN_SIZE = Math.sqrt(7 / 3)

/** Values that are written over and over; an odd number of them, so that the rows of a matrix differ. */
const RANDOM_WORDS = crypto.getRandomValues(new Uint16Array(32_749))

/**
 * Writes a safetensors file of random float16 weights. They keep the activations' size from layer to layer, as trained
 * ones do: neither infinite nor denormal numbers.
 */
export async function writeRandomTensors(file: FileHandle, tensors: ExpectedTensors): Promise<void> {
  await file.write(header(tensors))
  for (const [name, shape] of tensors) {
    const pool = new Uint8Array(valuesOf(name, shape).buffer)
    // Each tensor starts elsewhere: the runtime keeps weights that are the same once.
    let from = VALUE_BYTES * Math.floor(Math.random() * RANDOM_WORDS.length)
    let left = sizeBytes(shape)
    while (left > 0) {
      left -= (await file.write(pool, from, Math.min(left, pool.length - from))).bytesWritten
      from = 0
    }
  }
}

/** The length of the JSON and the JSON, as the safetensors format begins. */
function header(tensors: ExpectedTensors): Buffer {
  let end = 0
  const entries = [...tensors].map(([name, shape]) => {
    const start = end
    end += sizeBytes(shape)
    return [name, { dtype: 'F16', shape, data_offsets: [start, end] }]
  })
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text])
}

/** Words to repeat: norms that change nothing, no biases, and weights of deviation 1 / √fan-in, to the nearest power of two. */
function valuesOf(name: string, shape: readonly number[]): Uint16Array<ArrayBuffer> {
  const [, ...fanIn] = shape
  if (fanIn.length === 0) return new Uint16Array(RANDOM_WORDS.length).fill(name.endsWith('.weight') ? ONE : 0)
  const deviation = 1 / Math.sqrt(fanIn.reduce((product, dimension) => product * dimension, 1))
  const exponent = Math.round(Math.log2(deviation / MEAN_SIZE)) + 15
  return RANDOM_WORDS.map((word) => (word & 0x83ff) | (exponent << 10))
}

function sizeBytes(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, VALUE_BYTES)
}
