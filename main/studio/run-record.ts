import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { cpus } from 'node:os'
import { LAYERS } from '../contract/record.ts'
import type { Layer, ReproducibilityRecord } from '../contract/record.ts'

/** Notes what a run goes through, layer by layer. */
export class RunRecord {
  readonly #open = new Map<Layer, Hash>()
  readonly #known = new Map<Layer, string>()

  /** More of a layer's bytes. */
  add(layer: Layer, bytes: NodeJS.ArrayBufferView): void {
    const hash = this.#open.get(layer) ?? createHash('sha256')
    hash.update(bytes)
    this.#open.set(layer, hash)
  }

  /** A layer's digest from an earlier part of the same run. */
  remember(layer: Layer, digest: string): void {
    this.#known.set(layer, digest)
  }

  /** A layer's digest so far; undefined where nothing of it was noted. */
  digest(layer: Layer): string | undefined {
    return this.#known.get(layer) ?? this.#open.get(layer)?.copy().digest('hex')
  }

  /** The record, for the run's own file. */
  finish(threads: number | null): ReproducibilityRecord {
    const layers = LAYERS.flatMap((layer) => {
      const digest = this.digest(layer)
      return digest === undefined ? [] : [[layer, digest] as const]
    })
    return {
      layers: Object.fromEntries(layers),
      provider: 'cpu',
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      architecture: process.arch,
      threads,
    }
  }
}
