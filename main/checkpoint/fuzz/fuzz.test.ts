import { describe, expect, it } from 'vitest'
import { StudioError } from '../../contract/failure.ts'
import { BoundedFile } from '../bounded-file.ts'
import { indexOf } from '../file-kind.ts'
import { storedBytes } from '../tensor-index.ts'
import type { TensorEntry } from '../tensor-index.ts'
import { diceOf, mutated, mutatedJson, pick } from './mutations.ts'
import { archiveOf, SAFETENSORS_HEADER, safetensorsOf, samples, STREAMS } from './samples.ts'

const PATH = '/models/model.safetensors'
/** Headers are read again when they turn out longer, and entries' names twice; nothing is read more often. */
const READS_OF_A_FILE = 8

interface Outcome {
  readonly failure: StudioError | null
  readonly entries: readonly TensorEntry[]
}

/** Reads a file that is only bytes; throws for anything but a sound index or a StudioError. */
async function outcomeOf(bytes: Buffer): Promise<Outcome> {
  let asked = 0
  const file = new BoundedFile(PATH, bytes.length, (offset, length) => {
    asked += length
    const isInside = offset >= 0 && length >= 0 && offset + length <= bytes.length
    // A reader that believed the file would have allocated this.
    if (!isInside || asked > READS_OF_A_FILE * bytes.length)
      throw new RangeError(`asked for ${length} bytes at ${offset}`)
    return Promise.resolve(Uint8Array.from(bytes.subarray(offset, offset + length)))
  })
  try {
    const { entries } = await indexOf(file)
    return { failure: null, entries: [...entries.values()] }
  } catch (error) {
    if (error instanceof StudioError) return { failure: error, entries: [] }
    throw error
  }
}

/** What is wrong with an outcome, or null: a failure must say what and where, an index must lie inside its file. */
function faultIn({ failure, entries }: Outcome, sizeBytes: number): string | null {
  if (failure) {
    const isClear = failure.code === 'checkpoint-unsupported' && failure.message.startsWith(`${PATH}: `)
    return isClear && failure.message.length < 8000 ? null : `${failure.code}: ${failure.message.slice(0, 500)}`
  }
  const outside = entries.find(
    ({ dtype, shape, file, offset, sizeBytes: length }) =>
      file !== PATH || offset < 0 || offset + length > sizeBytes || storedBytes(dtype, shape) !== length,
  )
  return outside === undefined ? null : `outside of its file: ${JSON.stringify(outside)}`
}

/** Runs `count` cases and says how many of them loaded. */
async function survive(
  count: number,
  seed: number,
  make: (dice: ReturnType<typeof diceOf>) => Buffer,
): Promise<number> {
  let loaded = 0
  for (let i = 0; i < count; i++) {
    const bytes = make(diceOf(seed * 100_000 + i))
    const outcome = await outcomeOf(bytes).catch((error: unknown) => {
      throw new Error(`case ${i} of seed ${seed}: ${String(error)}`, { cause: error })
    })
    const fault = faultIn(outcome, bytes.length)
    if (fault !== null) throw new Error(`case ${i} of seed ${seed}: ${fault}`)
    if (!outcome.failure) loaded++
  }
  return loaded
}

describe('files with something wrong in them are refused in a sentence, or load inside their bounds', () => {
  it.each(samples().map((sample, i) => [sample.what, sample, i + 1] as const))(
    '%s',
    async (_, { bytes, regions }, seed) => {
      expect((await outcomeOf(bytes)).failure).toBeNull()
      const loaded = await survive(1700, seed, (dice) => mutated(bytes, regions, dice))
      // Some changes do no harm; a fuzzer whose files all load, or none, would not reach the readers.
      expect(loaded).toBeGreaterThan(10)
      expect(loaded).toBeLessThan(1500)
    },
  )

  it('pickle streams, in sound archives', async () => {
    const loaded = await survive(3000, 12, (dice) => {
      const stream = pick(dice, STREAMS)
      return archiveOf(mutated(stream, [[0, stream.length]], dice))
    })
    expect(loaded).toBeGreaterThan(20)
    expect(loaded).toBeLessThan(2000)
  })

  it('.safetensors, by the fields of its header', async () => {
    const loaded = await survive(900, 11, (dice) => safetensorsOf(mutatedJson(SAFETENSORS_HEADER, dice)))
    expect(loaded).toBeGreaterThan(0)
  })
})

describe('files that would make a reader work without end', () => {
  const name = (key: string) =>
    Buffer.concat([Buffer.from('X'), Buffer.from(Uint32Array.of(key.length).buffer), Buffer.from(key)])

  it('dicts that hold each other many times over', async () => {
    // Each dict holds the one before it forty times: 40 to the seventh names.
    const parts: (Buffer | string)[] = [Buffer.of(0x80, 2), '}q', Buffer.of(0)]
    for (let level = 1; level <= 7; level++) {
      const items = Array.from({ length: 40 }, (_, i) => [name(`k${i}`), Buffer.from([0x68, level - 1])]).flat()
      parts.push('}(', ...items, 'uq', Buffer.of(level))
    }
    const stream = Buffer.concat([...parts, '.'].map((part) => Buffer.from(part)))
    expect((await outcomeOf(archiveOf(stream))).failure?.message).toMatch(/expected at most 1000000 values/)
  })

  it('a dict in itself', async () => {
    const stream = Buffer.concat([Buffer.of(0x80, 2), Buffer.from('}q\0('), name('state_dict'), Buffer.from('h\0u.')])
    expect(await outcomeOf(archiveOf(stream))).toEqual({ failure: null, entries: [] })
  })

  it('lists in lists, deeper than a stack', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000)
    for (const header of [deep, `{"a":${deep}}`, `{"a":{"dtype":"F32","shape":${deep},"data_offsets":[0,4]}}`]) {
      const text = Buffer.from(header)
      const length = Buffer.alloc(8)
      length.writeBigUInt64LE(BigInt(text.length))
      const { failure } = await outcomeOf(Buffer.concat([length, text, Buffer.alloc(4)]))
      expect(failure?.code).toBe('checkpoint-unsupported')
    }
  })

  it('lists in lists of GGUF', async () => {
    const list = Buffer.alloc(12)
    list.writeUInt32LE(9)
    list.writeUInt32LE(1, 4)
    const value = [Buffer.alloc(8), Buffer.of(9, 0, 0, 0), ...Array<Buffer>(10_000).fill(list)]
    const start = Buffer.from('GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0', 'latin1')
    const { failure } = await outcomeOf(Buffer.concat([start, ...value]))
    expect(failure?.message).toMatch(/lists at most 4 deep/)
  })
})
