import type { Api } from '../../main/contract/calls.ts'
import type { ModelId } from '../../main/contract/generation.ts'
import type { PartKind, PartSummary } from '../../main/contract/part.ts'

/** The parts of the library that join a model, as the studio last told them. */
export class PartsState {
  readonly #api: Api
  #list = $state.raw<readonly PartSummary[]>([])

  constructor(api: Api) {
    this.#api = api
  }

  get list(): readonly PartSummary[] {
    return this.#list
  }

  find(id: ModelId): PartSummary | undefined {
    return this.#list.find((part) => part.id === id)
  }

  /** Those of one kind, by name. */
  ofKind(kind: PartKind): readonly PartSummary[] {
    return this.#list.filter((part) => part.kind === kind).sort((one, other) => one.name.localeCompare(other.name))
  }

  replace(parts: readonly PartSummary[]): void {
    this.#list = parts
  }

  async load(): Promise<void> {
    this.replace(await this.#api['parts.list'](undefined))
  }
}
