/** One thing that was done and how to take it back. `label` completes the sentence "Undid: …". */
export interface UndoEntry {
  readonly label: string
  undo(): void | Promise<void>
}

const KEPT = 100

/** What can be undone, newest last. */
export class UndoHistory {
  #entries = $state.raw<readonly UndoEntry[]>([])

  get last(): UndoEntry | undefined {
    return this.#entries.at(-1)
  }

  push(entry: UndoEntry): void {
    this.#entries = [...this.#entries, entry].slice(-KEPT)
  }

  /** Takes back `entry`, the newest unless told; one that was taken back before does nothing. */
  async undo(entry: UndoEntry | undefined = this.last): Promise<UndoEntry | undefined> {
    if (!entry || !this.#entries.includes(entry)) return undefined
    this.#entries = this.#entries.filter((other) => other !== entry)
    await entry.undo()
    return entry
  }
}
