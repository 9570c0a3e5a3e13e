import * as z from 'zod'
import { recall, remember } from './remembered.ts'

const KEY = 'prompts'
const KEPT = 200

/** Prompts that were run, newest last, each once. */
export class PromptHistory {
  #list = $state.raw<readonly string[]>(recall(KEY, z.array(z.string()), []))

  get list(): readonly string[] {
    return this.#list
  }

  add(prompt: string): void {
    if (prompt.trim() === '') return
    this.#list = [...this.#list.filter((other) => other !== prompt), prompt].slice(-KEPT)
    remember(KEY, this.#list)
  }
}
