export interface Toast {
  readonly id: number
  readonly text: string
  readonly tone: 'plain' | 'bad'
  readonly details: string | undefined
  readonly action: ToastAction | undefined
}

interface ToastAction {
  readonly label: string
  run(): void
}

interface ToastOptions {
  tone?: Toast['tone']
  details?: string | undefined
  action?: ToastAction
}

/** How many are on screen at once; older ones make room. */
const SHOWN = 4

/** Short messages at the foot of the window, each with at most one action. */
export class Toasts {
  #list = $state.raw<readonly Toast[]>([])
  #lastId = 0

  get list(): readonly Toast[] {
    return this.#list
  }

  /** Returns the toast's id, to dismiss it by. */
  show(text: string, { tone = 'plain', details, action }: ToastOptions = {}): number {
    this.#lastId += 1
    this.#list = [...this.#list, { id: this.#lastId, text, tone, details, action }].slice(-SHOWN)
    return this.#lastId
  }

  dismiss(id: number): void {
    this.#list = this.#list.filter((toast) => toast.id !== id)
  }
}
