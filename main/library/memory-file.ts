import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import type { Logger } from '../contract/failure.ts'
import { ModelSummary } from '../contract/model.ts'
import { PartSummary } from '../contract/part.ts'
import type { Described } from './describe.ts'

/** Digests of a file's bytes, in hex. */
export const Digests = z.object({ sha256: z.string(), dataSha256: z.string().nullable() })
export type Digests = z.infer<typeof Digests>

/** The state of a file that its digests were computed in. */
export interface FileState {
  readonly sizeBytes: number
  readonly changedAt: number
}

const Thumbnail = z.union([z.object({ path: z.string() }), z.literal('embedded'), z.null()])
/** What was found at a place; the fingerprint is of all files that were read for it. */
const Fact = z.object({
  fingerprint: z.string(),
  described: z.object({ model: ModelSummary.nullable(), part: PartSummary.nullable(), thumbnail: Thumbnail }),
})
type Fact = z.infer<typeof Fact>
const Remembered = z.object({
  version: z.string(),
  /** By path. Another version may have written other facts: each counts by itself. */
  facts: z.record(z.string(), z.unknown()),
  digests: z.record(z.string(), z.object({ sizeBytes: z.number(), changedAt: z.number(), digests: Digests })),
})
type Remembered = z.infer<typeof Remembered>

/** More is not the file of a library. */
const MAX_BYTES = 256 * 1024 ** 2
const MAX_DIGESTS = 20_000

/**
 * What the library knows from earlier looks, in one JSON file that is only ever replaced whole. A file that is damaged,
 * or of another version, is begun anew: everything in it can be found out again.
 */
export class LibraryMemory {
  readonly #file: string | null
  readonly #version: string
  readonly #logger: Logger
  #facts = new Map<string, Fact>()
  #earlier: ReadonlyMap<string, Described> = new Map()
  readonly #digests = new Map<string, Remembered['digests'][string]>()
  #isChanged = false
  #writing: Promise<void> = Promise.resolve()

  /** @param file null keeps nothing beyond this object's life */
  constructor(file: string | null, version: string, logger: Logger) {
    this.#file = file
    this.#version = version
    this.#logger = logger
  }

  /** Reads the file, if there is one. Never fails. */
  async load(): Promise<void> {
    if (this.#file === null) return
    try {
      const { size } = await stat(this.#file)
      if (size > MAX_BYTES) throw new RangeError(`expected at most ${MAX_BYTES} bytes, found ${size}`)
      const remembered = Remembered.parse(JSON.parse(await readFile(this.#file, 'utf8')))
      for (const [path, digests] of Object.entries(remembered.digests)) this.#digests.set(path, digests)
      const facts = Object.entries(remembered.facts).flatMap(([path, value]): [string, Fact][] => {
        const fact = Fact.safeParse(value)
        return fact.success ? [[path, fact.data]] : []
      })
      this.#earlier = new Map(facts.map(([path, { described }]) => [path, described]))
      // What is known of a file's bytes stays true; what was made of them is the version's.
      if (remembered.version === this.#version) this.#facts = new Map(facts)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
      this.#logger.warn(`${this.#file}: expected what the library remembers, found it damaged; it is found out again`)
    }
  }

  /** Everything that was found when there was last a whole look, by this version or another, by path. */
  remembered(): ReadonlyMap<string, Described> {
    return this.#earlier
  }

  find(path: string, fingerprint: string): Described | null {
    const facts = this.#facts.get(path)
    return facts?.fingerprint === fingerprint ? facts.described : null
  }

  /** Remembers what was found in a whole look, and forgets the rest. */
  keepOnly(facts: ReadonlyMap<string, { fingerprint: string; described: Described }>): void {
    const isSame =
      facts.size === this.#facts.size &&
      [...facts].every(([path, { fingerprint }]) => this.#facts.get(path)?.fingerprint === fingerprint)
    if (isSame) return
    this.#facts = new Map(facts)
    this.#isChanged = true
  }

  findDigests(path: string, { sizeBytes, changedAt }: FileState): Digests | null {
    const found = this.#digests.get(path)
    return found?.sizeBytes === sizeBytes && found.changedAt === changedAt ? found.digests : null
  }

  keepDigests(path: string, { sizeBytes, changedAt }: FileState, digests: Digests): void {
    this.#digests.delete(path)
    this.#digests.set(path, { sizeBytes, changedAt, digests })
    for (const oldest of this.#digests.keys()) {
      if (this.#digests.size <= MAX_DIGESTS) break
      this.#digests.delete(oldest)
    }
    this.#isChanged = true
  }

  /** Writes what has changed. A disk without room costs the next start some time, nothing else. */
  save(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    if (this.#file === null || !this.#isChanged) return
    this.#isChanged = false
    const remembered: Remembered = {
      version: this.#version,
      facts: Object.fromEntries(this.#facts),
      digests: Object.fromEntries(this.#digests),
    }
    const draft = `${this.#file}.${process.pid}.new`
    try {
      await mkdir(dirname(this.#file), { recursive: true })
      await writeFile(draft, JSON.stringify(remembered))
      await rename(draft, this.#file)
    } catch (error) {
      this.#logger.warn(`${this.#file}: what the library found out could not be kept: ${String(error)}`)
    }
  }
}
