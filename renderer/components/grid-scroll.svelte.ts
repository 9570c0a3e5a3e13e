/** Cells fly past when the view moves by this share of its height between two frames, and until it has rested. */
const FLYING_SHARE = 0.25
const REST_MS = 100

/** Where a grid is scrolled to, and whether its cells fly past. */
export class GridScroll {
  element = $state<HTMLElement>()
  heightPx = $state(0)
  #topPx = $state(0)
  #isFlying = $state(false)
  /** Where `to` put it. */
  #heldPx = 0
  #rest: ReturnType<typeof setTimeout> | undefined

  get topPx(): number {
    return this.#topPx
  }

  get isFlying(): boolean {
    return this.#isFlying
  }

  /** Scrolls there, or as far as it goes. */
  to(topPx: number): void {
    if (!this.element) return
    this.element.scrollTop = topPx
    this.#topPx = this.#heldPx = this.element.scrollTop
  }

  /** Takes in a scroll event; false for the echo of `to`. */
  take(): boolean {
    const topPx = this.element?.scrollTop ?? 0
    if (Math.abs(topPx - this.#topPx) > this.heightPx * FLYING_SHARE) this.#fly()
    this.#topPx = topPx
    if (Math.abs(topPx - this.#heldPx) < 1) return false
    this.#heldPx = Number.NaN
    return true
  }

  #fly(): void {
    this.#isFlying = true
    clearTimeout(this.#rest)
    this.#rest = setTimeout(() => (this.#isFlying = false), REST_MS)
  }
}
