import { StudioError } from '../contract/failure.ts'
import type { MemoryPlan, MemoryUse } from '../contract/memory.ts'
import type { OnnxGraph } from '../runtime/graph.ts'
import { loadNetwork } from '../runtime/network.ts'
import type { Network } from '../runtime/network.ts'

/** Networks that hold less stay open between stages: opening them anew would take longer than it gives. */
export const SMALL_BYTES = 64e6

interface Opened {
  readonly network: Network
  readonly use: MemoryUse
  readonly heldBytes: number
  readonly storedBytes: number
}

interface OpenOptions {
  readonly threads: number | null
  readonly onRead?: ((share: number) => void) | undefined
}

type WayOfHolding = Pick<MemoryPlan, 'use' | 'isReleasing'>

/** The networks of a model that are open, held as a plan says. */
export class OpenNetworks {
  readonly #open = new Map<string, Opened>()
  #plan: WayOfHolding | null = null

  /** What closing all of them would free for others; pages of files are free already. */
  get heldBytes(): number {
    return [...this.#open.values()].reduce((sum, { heldBytes }) => sum + heldBytes, 0)
  }

  /** How the network is held that is open, or would be. */
  useOf(name: string): MemoryUse | null {
    return this.#open.get(name)?.use ?? this.#plannedUse(name)
  }

  /** Goes by this plan from here on; what is held otherwise is closed. */
  async keepTo(plan: WayOfHolding): Promise<void> {
    this.#plan = plan
    await this.close((name, { use }) => use !== this.#plannedUse(name))
  }

  /**
   * A network by its name, which opens again when it runs after it was closed. Where networks are closed between stages
   * it is opened only when it first runs.
   * @throws StudioError model-missing, checkpoint-unsupported, out-of-memory
   */
  async get(name: string, build: () => OnnxGraph, options: OpenOptions): Promise<Network> {
    if (!this.#plan?.isReleasing) await this.#ready(name, build, options)
    return {
      name,
      memory: this.#plannedUse(name) ?? 'small',
      run: async (feeds) => (await this.#ready(name, build, options)).network.run(feeds),
      release: () => this.close((other) => other === name),
    }
  }

  /** Closes those that `isLeaving` says. */
  async close(isLeaving: (name: string, opened: Opened) => boolean = () => true): Promise<void> {
    for (const [name, opened] of [...this.#open]) {
      if (!isLeaving(name, opened)) continue
      this.#open.delete(name)
      await opened.network.release()
    }
  }

  async #ready(name: string, build: () => OnnxGraph, { threads, onRead }: OpenOptions): Promise<Opened> {
    const open = this.#open.get(name)
    if (open) return open
    if (this.#plan?.isReleasing) {
      const stage = stageOf(name)
      await this.close((other, { storedBytes }) => stageOf(other) !== stage && storedBytes > SMALL_BYTES)
    }
    const graph = build()
    const use = this.#plannedUse(name)
    const options = { threads, ...(onRead ? { onProgress: onRead } : {}) }
    const network = await loadNetwork(graph, { ...options, ...(use ? { memory: use } : {}) }).catch(
      (error: unknown) => {
        // The plan was too hopeful: more slowly is better than not at all.
        if (use === 'fast' && error instanceof StudioError && error.code === 'out-of-memory')
          return loadNetwork(graph, { ...options, memory: 'small' })
        throw error
      },
    )
    const opened = {
      network,
      use: network.memory,
      heldBytes: network.memory === 'fast' ? graph.regions.reduce((sum, { values }) => sum + values * 4, 0) : 0,
      storedBytes: graph.regions.reduce((sum, { length }) => sum + length, 0),
    }
    this.#open.set(name, opened)
    return opened
  }

  /** Text encoders run once for a prompt: widening their weights for that costs less than laying them out. */
  #plannedUse(name: string): MemoryUse | null {
    if (this.#plan === null) return null
    return name.startsWith('text encoder') ? 'small' : this.#plan.use
  }
}

/** The networks that work together. */
function stageOf(name: string): 'encode' | 'denoise' | 'decode' {
  if (name.startsWith('text encoder') || name === 'encoder') return 'encode'
  return name === 'decoder' ? 'decode' : 'denoise'
}
