import { realpath, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { StudioError } from '../contract/failure.ts'
import type { Logger } from '../contract/failure.ts'
import type { ModelId } from '../contract/generation.ts'
import type { LibraryState, ModelSummary } from '../contract/model.ts'
import type { PartSummary } from '../contract/part.ts'
import { BUILT_IN_ID } from './model-id.ts'
import { findModelPaths } from './scan.ts'
import { summarise } from './summary.ts'

/** Files read at once; more only makes a disk seek. */
const READERS = 8

export interface LibraryOptions {
  /** The model that comes with the studio. */
  readonly builtInFolder: string
  /** Where the user keeps models: folders, or single files. */
  readonly folders: readonly string[]
  readonly logger: Logger
  /** After each scan and change of folders, with what there is now; keeping the folders is the caller's. */
  readonly onChange?: (change: { models: ModelSummary[]; folders: string[] }) => void
}

/** Which models there are: the built-in one first, then those of the user's folders. It only ever reads. */
export class Library {
  readonly #builtInFolder: string
  readonly #logger: Logger
  readonly #onChange: NonNullable<LibraryOptions['onChange']>
  #folders: string[]
  #isPaused = false
  #models: ModelSummary[] = []
  readonly #parts: PartSummary[] = []
  /** Scans run one after another, so that the last one asked for is the last to be told. */
  #lastScan: Promise<unknown> = Promise.resolve()

  constructor({ builtInFolder, folders, logger, onChange }: LibraryOptions) {
    this.#builtInFolder = resolve(builtInFolder)
    this.#folders = [...new Set(folders.map((folder) => resolve(folder)))]
    this.#logger = logger
    this.#onChange = onChange ?? (() => undefined)
  }

  /** What the last scan found; empty before the first. */
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

  get state(): LibraryState {
    return { isScanning: false, digested: 0, digestible: 0, isPaused: this.#isPaused }
  }

  pauseDigests(isPaused: boolean): void {
    this.#isPaused = isPaused
  }

  /**
   * Has the file of a model or part moved away by `trash`.
   * @throws StudioError not-found, invalid-request for the built-in model
   */
  async trashFile(id: ModelId, trash: (path: string) => Promise<void>): Promise<void> {
    const found = this.find(id) ?? this.findPart(id)
    if (!found) throw new StudioError('not-found', `expected a model or part of the library, found "${id}"`)
    if (id === BUILT_IN_ID) throw new StudioError('invalid-request', 'the built-in model cannot be removed')
    await trash(found.path)
    await this.refresh()
  }

  get folders(): string[] {
    return [...this.#folders]
  }

  /** Scans all folders again. */
  refresh(): Promise<ModelSummary[]> {
    const scan = this.#lastScan.then(() => this.#scan())
    this.#lastScan = scan.catch(() => undefined)
    return scan
  }

  /**
   * Takes models of a further folder, or a single file, into the list.
   * @throws StudioError not-found when nothing lies there
   */
  async addFolder(path: string): Promise<ModelSummary[]> {
    const folder = resolve(path)
    const isThere = await stat(folder).then(
      () => true,
      () => false,
    )
    if (!isThere) throw new StudioError('not-found', `${folder}: expected a folder of models, found nothing`)
    if (!this.#folders.includes(folder)) this.#folders = [...this.#folders, folder]
    return this.refresh()
  }

  /** Forgets a folder; its files stay. */
  async removeFolder(path: string): Promise<ModelSummary[]> {
    const folder = resolve(path)
    this.#folders = this.#folders.filter((other) => other !== folder && other !== path)
    return this.refresh()
  }

  async #scan(): Promise<ModelSummary[]> {
    const paths = (await Promise.all(this.#folders.map((folder) => findModelPaths(folder, this.#logger)))).flat()
    const builtIn = await summarise(this.#builtInFolder, true)
    const others = await mapWithLimit(await distinct(paths, this.#builtInFolder), READERS, (path) =>
      summarise(path, false),
    )
    this.#models = [builtIn, ...others].filter((model) => model !== null)
    for (const { path, problem } of this.#models)
      if (problem !== null) this.#logger.warn(`models: ${path} cannot run. ${problem}`)
    this.#onChange({ models: this.list(), folders: this.folders })
    return this.list()
  }
}

/** The paths without those that lead to a place already met, as folders within folders and links do. */
async function distinct(paths: readonly string[], builtInFolder: string): Promise<string[]> {
  const places = new Set([await place(builtInFolder)])
  const kept: string[] = []
  for (const path of paths) {
    const target = await place(path)
    if (!places.has(target)) kept.push(path)
    places.add(target)
  }
  return kept
}

async function place(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

async function mapWithLimit<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [i, item] of queue) results[i] = await work(item)
  }
  await Promise.all(Array.from({ length: limit }, worker))
  return results
}
