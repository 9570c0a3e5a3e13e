import type { DraftFields } from './draft-fields.ts'

interface Fields {
  readonly fields: DraftFields
  change(patch: Partial<DraftFields>): void
  changeUndoably(label: string, patch: Partial<DraftFields>): void
}

/** One of the draft's lists, changed row by row. What takes a row in or out can be undone. */
export class DraftRows<Row> {
  readonly #draft: Fields
  readonly #read: (fields: DraftFields) => readonly Row[]
  readonly #patch: (rows: Row[]) => Partial<DraftFields>

  constructor(
    draft: Fields,
    read: (fields: DraftFields) => readonly Row[],
    patch: (rows: Row[]) => Partial<DraftFields>,
  ) {
    this.#draft = draft
    this.#read = read
    this.#patch = patch
  }

  get list(): readonly Row[] {
    return this.#read(this.#draft.fields)
  }

  add(label: string, row: Row): void {
    this.#draft.changeUndoably(label, this.#patch([...this.list, row]))
  }

  change(index: number, patch: Partial<Row>): void {
    this.#draft.change(this.#patch(this.list.map((row, i) => (i === index ? { ...row, ...patch } : row))))
  }

  remove(label: string, index: number): void {
    this.#draft.changeUndoably(label, this.#patch(this.list.filter((_, i) => i !== index)))
  }

  /** Puts the row at `from` where the one at `to` is. */
  move(from: number, to: number): void {
    const rows = [...this.list]
    const place = Math.min(rows.length - 1, Math.max(0, to))
    rows.splice(place, 0, ...rows.splice(from, 1))
    this.#draft.change(this.#patch(rows))
  }
}
