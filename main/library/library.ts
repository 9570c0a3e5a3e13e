import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { StudioError } from '../contract/failure.ts'
import type { ModelId } from '../contract/generation.ts'
import type { LibraryState, ModelSummary } from '../contract/model.ts'
import type { PartSummary } from '../contract/part.ts'
import { readTensorIndex } from '../checkpoint/file-kind.ts'
import { isThere } from '../checkpoint/json-file.ts'
import { BackgroundDigests } from './background-digests.ts'
import { builtInModel, builtInPicture } from './built-in.ts'
import { digestsOf, filesOf, listingOf, rememberedEntries } from './listing.ts'
import { lookThrough } from './look.ts'
import type { Entry } from './look.ts'
import { LibraryMemory } from './memory-file.ts'
import { BUILT_IN_ID } from './model-id.ts'
import { completed } from './options.ts'
import type { CompleteOptions, LibraryChange, LibraryOptions } from './options.ts'
import { embeddedPicture } from './sidecars.ts'
import { FolderWatch } from './watch.ts'

const CLOSING_MS = 2000

/** Which models and parts there are: the built-in model first, then those of the user's folders. Weights are only ever read. */
export class Library {
  readonly #options: CompleteOptions
  readonly #memory: LibraryMemory
  readonly #digests: BackgroundDigests
  readonly #watch: FolderWatch
  #folders: string[]
  #builtIn: ModelSummary | null = null
  #entries: readonly Entry[] = []
  #models: ModelSummary[] = []
  #parts: PartSummary[] = []
  #told: LibraryChange | null = null
  #isScanning = false
  /** Scans run one after another, so that the last one asked for is the last to be told. */
  #lastScan: Promise<unknown> = Promise.resolve()
  #isScanDue = false
  readonly #known = Promise.withResolvers<undefined>()

  constructor(options: LibraryOptions) {
    this.#options = completed(options)
    const { folders, logger, memoryFile, version, memoryBytes } = this.#options
    this.#folders = [...folders]
    this.#memory = new LibraryMemory(memoryFile ?? null, `${version} ${memoryBytes}`, logger)
    this.#lastScan = this.#recall()
    this.#digests = new BackgroundDigests({
      memory: this.#memory,
      entries: () => this.#entries,
      onProgress: () => this.#tellState(),
      onNews: () => {
        this.#makeLists()
        this.#tell()
        void this.#memory.save()
      },
      logger,
    })
    this.#watch = new FolderWatch({ onChange: () => void this.#lookAgain(), logger })
  }

  /** Settles when there is something to list: what an earlier studio found, or the first look's finds. */
  get known(): Promise<undefined> {
    return this.#known.promise
  }

  /** What the last scan found, or an earlier studio before the first; empty before that. */
  list(): ModelSummary[] {
    return [...this.#models]
  }

  find(id: ModelId): ModelSummary | undefined {
    return this.#models.find((model) => model.id === id)
  }

  /** Files that join a model, as the last scan found them. */
  parts(): PartSummary[] {
    return [...this.#parts]
  }

  findPart(id: ModelId): PartSummary | undefined {
    return this.#parts.find((part) => part.id === id)
  }

  get folders(): string[] {
    return [...this.#folders]
  }

  get state(): LibraryState {
    const files = this.#entries.flatMap((entry) => digestsOf(entry, this.#memory) ?? [])
    const digestible = this.#entries.filter(({ state }) => state !== null).length
    return { isScanning: this.#isScanning, digested: files.length, digestible, isPaused: this.#digests.isPaused }
  }

  /** Stops the computing of digests, or has it go on, by the user's wish. */
  pauseDigests(isPaused: boolean): void {
    this.#digests.pause(isPaused)
    this.#tellState()
  }

  /** Stops the computing of digests while a picture is made. */
  holdDigests(isHeld: boolean): void {
    this.#digests.hold(isHeld)
  }

  /** Scans all folders again. */
  refresh(): Promise<ModelSummary[]> {
    return this.#scanNext(0)
  }

  #scanNext(settleMs: number): Promise<ModelSummary[]> {
    const scan = this.#lastScan.then(() => this.#scan(settleMs))
    this.#lastScan = scan.catch(() => undefined)
    return scan
  }

  /**
   * Takes models of a further folder, or a single file, into the list.
   * @throws StudioError not-found when nothing lies there
   */
  async addFolder(path: string): Promise<ModelSummary[]> {
    const folder = resolve(path)
    if (!(await isThere(folder)))
      throw new StudioError('not-found', `${folder}: expected a folder of models, found nothing`)
    if (!this.#folders.includes(folder)) this.#folders = [...this.#folders, folder]
    return this.refresh()
  }

  /** Forgets a folder; its files stay. */
  async removeFolder(path: string): Promise<ModelSummary[]> {
    const folder = resolve(path)
    this.#folders = this.#folders.filter((other) => other !== folder && other !== path)
    return this.refresh()
  }

  /**
   * The picture of a model or part: its file, or its bytes; null where it has none.
   * @throws StudioError checkpoint-unsupported when its file went or changed
   */
  async thumbnail(id: ModelId): Promise<string | Uint8Array | null> {
    if (id === BUILT_IN_ID) return this.#builtIn?.hasThumbnail ? builtInPicture(this.#options.builtInFolder) : null
    const entry = this.#entryOf(id)
    const thumbnail = entry?.described.thumbnail
    if (!entry || !thumbnail) return null
    return thumbnail === 'embedded'
      ? embeddedPicture((await readTensorIndex(entry.place.path)).metadata)
      : thumbnail.path
  }

  /**
   * Has `trash` move the file of a model or part away, with the files beside it that bear its name and no other's.
   * @throws StudioError not-found; invalid-request for a model of several files, and for the built-in one
   */
  async trashFile(id: ModelId, trash: (path: string) => Promise<void>): Promise<void> {
    if (id === BUILT_IN_ID)
      throw new StudioError('invalid-request', 'expected a file of yours, found the built-in model')
    // What lies beside a file only a look tells.
    await this.#lastScan
    const entry = this.#entryOf(id)
    if (!entry) throw new StudioError('not-found', `expected a model or part of the library, found "${id}"`)
    const files = filesOf(entry, this.#entries)
    try {
      for (const path of files) await trash(path)
      // A file that was itself given as a folder has no reason to be looked for again.
      this.#folders = this.#folders.filter((folder) => folder !== entry.place.path)
    } finally {
      await this.refresh()
    }
  }

  /** Ends watching and digests; resolves when nothing is read or written any more. */
  async close(): Promise<void> {
    this.#watch.close()
    await this.#digests.close()
    // A drive that does not answer is not waited for.
    await Promise.race([this.#lastScan, wait(CLOSING_MS, undefined, { ref: false })])
    await this.#memory.save()
  }

  async #scan(settleMs: number): Promise<ModelSummary[]> {
    const { builtInFolder, isLive, logger, memoryBytes } = this.#options
    this.#isScanDue = false
    this.#setScanning(true)
    try {
      this.#builtIn = await builtInModel(builtInFolder, memoryBytes)
      const roots = this.#folders
      const { entries, folders, isArriving } = await lookThrough(roots, {
        ...this.#options,
        settleMs,
        memory: this.#memory,
        before: this.#entries,
      })
      this.#entries = entries
      this.#makeLists()
      for (const { path, problem } of [...this.#models, ...this.#parts])
        if (problem !== null) logger.info(`models: ${path} cannot be used. ${problem}`)
      if (isLive) await this.#watch.setFolders(roots, folders)
      if (isLive && isArriving) this.#watch.lookAgain(this.#options.settleMs)
    } finally {
      this.#setScanning(false)
      this.#known.resolve(undefined)
    }
    this.#tell()
    await this.#memory.save()
    if (isLive) this.#digests.start()
    return this.list()
  }

  /** A look for a change that was noticed; one that waits its turn sees all changes until then. */
  async #lookAgain(): Promise<void> {
    if (this.#isScanDue) return
    this.#isScanDue = true
    await this.#scanNext(this.#options.settleMs).catch((error: unknown) => {
      this.#options.logger.error('The models could not be looked through', error)
    })
  }

  #makeLists(): void {
    const { models, parts } = listingOf(this.#builtIn, this.#entries, this.#memory)
    this.#models = models
    this.#parts = parts
  }

  #entryOf(id: ModelId): Entry | undefined {
    return this.#entries.find(({ described: { model, part } }) => (model ?? part)?.id === id)
  }

  /** Until the first look is done, what an earlier studio found is there already: no drive has to wake up for it. */
  async #recall(): Promise<void> {
    await this.#memory.load()
    const earlier = rememberedEntries(this.#memory, this.#folders)
    if (earlier.length === 0) return
    const { builtInFolder, memoryBytes } = this.#options
    this.#builtIn = await builtInModel(builtInFolder, memoryBytes)
    this.#entries = earlier
    this.#makeLists()
    this.#known.resolve(undefined)
  }

  #setScanning(isScanning: boolean): void {
    this.#isScanning = isScanning
    this.#tellState()
  }

  #tellState(): void {
    this.#options.onState(this.state)
  }

  #tell(): void {
    const change: LibraryChange = { models: this.list(), parts: this.parts(), folders: this.folders }
    if (isDeepStrictEqual(change, this.#told)) return
    this.#told = change
    this.#options.onChange(change)
  }
}
