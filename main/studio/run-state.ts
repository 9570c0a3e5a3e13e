import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { readSafetensors, readTensor } from '../checkpoint/safetensors.ts'
import type { SamplingState } from '../diffusion/loop.ts'
import { writeFileAtomically } from '../image/atomic-file.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** A state and the digest of the latent after the first step, which a run that goes on does not see again. */
export interface KeptState {
  readonly state: SamplingState
  readonly firstStep: string
}

/**
 * How far a run has come, kept in a file so that it can go on after its process was killed. The file is a safetensors file
 * of the latent and what the sampler remembers; its metadata has the step, and of which run it is.
 */
export class RunState {
  readonly #path: string
  readonly #run: string
  readonly #everyMs: number
  #writtenMs = -Infinity

  /**
   * @param run     everything that decides the run's numbers; a state of another run is none of this one's
   * @param everyMs at most this often the disk is written
   */
  constructor(path: string, run: unknown, everyMs = 250) {
    this.#path = path
    this.#run = createHash('sha256').update(JSON.stringify(run)).digest('hex')
    this.#everyMs = everyMs
  }

  /** The state to go on from; null where there is none, or none of this run that can be read. */
  async read(): Promise<KeptState | null> {
    try {
      const { entries, metadata } = await readSafetensors(this.#path)
      if (metadata['run'] !== this.#run) return null
      const tensors = new Map<string, Tensor>()
      for (const [name, entry] of entries) tensors.set(name, await readTensor(entry))
      const x = tensors.get('x')
      const memory = Array.from({ length: tensors.size - 1 }, (_, i) => tensors.get(`memory.${i}`))
      if (!x || !memory.every((found) => found !== undefined)) return null
      return { state: { step: Number(metadata['step']), x, memory }, firstStep: metadata['firstStep'] ?? '' }
    } catch {
      // Not there, or not whole: the run starts anew and comes to the same picture.
      return null
    }
  }

  /** Keeps the state, unless the last one was kept a moment ago. A disk without room loses only the way back. */
  async keep({ step, x, memory }: SamplingState, firstStep: string, nowMs: number): Promise<void> {
    if (nowMs - this.#writtenMs < this.#everyMs) return
    this.#writtenMs = nowMs
    const named = [['x', x] as const, ...memory.map((tensor, i) => [`memory.${i}`, tensor] as const)]
    await writeFileAtomically(this.#path, safetensors(named, { run: this.#run, step: String(step), firstStep })).catch(
      () => undefined,
    )
  }

  async forget(): Promise<void> {
    await rm(this.#path, { force: true })
  }
}

/** Float32 tensors as a safetensors file. */
function safetensors(named: readonly (readonly [string, Tensor])[], metadata: Record<string, string>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let end = 0
  for (const [name, { shape, data }] of named) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] }
    end += data.byteLength
  }
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const parts = named.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return Buffer.concat([length, text, ...parts])
}
