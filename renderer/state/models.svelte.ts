import type { Api } from '../../main/contract/calls.ts'
import type { ModelId } from '../../main/contract/generation.ts'
import type { LibraryState, ModelSummary } from '../../main/contract/model.ts'

/** The models of the library as the studio last told them. */
export class ModelsState {
  readonly #api: Api
  #list = $state.raw<readonly ModelSummary[]>([])
  #isLoaded = $state(false)
  #state = $state.raw<LibraryState>({ isScanning: false, digested: 0, digestible: 0, isPaused: false })

  readonly usable = $derived(this.#list.filter((model) => model.problem === null))

  constructor(api: Api) {
    this.#api = api
  }

  get list(): readonly ModelSummary[] {
    return this.#list
  }

  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** What the library is busy with. */
  get state(): LibraryState {
    return this.#state
  }

  replaceState(state: LibraryState): void {
    this.#state = state
  }

  find(id: ModelId): ModelSummary | undefined {
    return this.#list.find((model) => model.id === id)
  }

  /** The model a new user gets: the built-in one, else the first that runs. */
  get first(): ModelSummary | undefined {
    return this.usable.find((model) => model.isBuiltIn) ?? this.usable[0]
  }

  replace(models: readonly ModelSummary[]): void {
    this.#list = models
    this.#isLoaded = true
  }

  async load(): Promise<void> {
    this.replace(await this.#api['models.list'](undefined))
    this.replaceState(await this.#api['models.state'](undefined))
  }

  async refresh(): Promise<void> {
    this.replace(await this.#api['models.refresh'](undefined))
  }

  async addFolder(path: string): Promise<void> {
    this.replace(await this.#api['models.addFolder'](path))
  }

  /** Moves the file of a model or part to the system's trash. */
  async trashFile(id: ModelId): Promise<void> {
    await this.#api['models.trashFile'](id)
  }

  /** Stops the computing of digests, or has it go on. */
  async pauseDigests(isPaused: boolean): Promise<void> {
    await this.#api['models.pauseDigests'](isPaused)
  }

  async removeFolder(path: string): Promise<void> {
    this.replace(await this.#api['models.removeFolder'](path))
  }
}
