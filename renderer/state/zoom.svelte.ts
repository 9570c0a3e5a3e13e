interface Size {
  readonly width: number
  readonly height: number
}

interface Point {
  readonly x: number
  readonly y: number
}

/** Where a picture's centre lies from the stage's, and how many CSS pixels one of its pixels is wide. */
export interface Placement extends Point {
  readonly scale: number
}

/** Small pictures are enlarged to fill the stage, but not into fog. */
const LARGEST_FIT = 8
const LARGEST = 32
/** Two presses double. */
const KEY_FACTOR = Math.SQRT2
const CENTRE: Point = { x: 0, y: 0 }

/** How a picture lies in its stage: fitted, or at a scale of its own with a part of it in view. */
export class Zoom {
  #stage = $state.raw<Size>({ width: 0, height: 0 })
  #picture = $state.raw<Size>({ width: 1, height: 1 })
  #pixelRatio = $state(1)
  /** Undefined while fitted. */
  #free = $state.raw<Placement | undefined>(undefined)

  readonly fitScale = $derived(
    Math.min(this.#stage.width / this.#picture.width, this.#stage.height / this.#picture.height, LARGEST_FIT),
  )
  readonly placement: Placement = $derived(this.#free ? this.#within(this.#free) : { scale: this.fitScale, ...CENTRE })
  /** 100 shows each pixel of the picture on one of the screen. */
  readonly percent = $derived(Math.round(this.placement.scale * this.#pixelRatio * 100))
  readonly canPan = $derived(
    this.#picture.width * this.placement.scale > this.#stage.width + 1 ||
      this.#picture.height * this.placement.scale > this.#stage.height + 1,
  )

  get isFitted(): boolean {
    return this.#free === undefined
  }

  /** @param pixelRatio pixels of the screen to a CSS pixel */
  setStage(stage: Size, pixelRatio: number): void {
    this.#stage = stage
    this.#pixelRatio = pixelRatio
  }

  /** Another picture; it starts fitted. */
  setPicture(picture: Size): void {
    this.#picture = picture
    this.#free = undefined
  }

  fit(): void {
    this.#free = undefined
  }

  /** @param at the point, from the stage's centre, that stays where it is */
  actualSize(at: Point = CENTRE): void {
    this.#scaleTo(1 / this.#pixelRatio, at)
  }

  /** Between fitted and actual size. */
  toggle(at: Point = CENTRE): void {
    if (!this.isFitted) this.fit()
    else this.actualSize(at)
  }

  in(): void {
    this.by(KEY_FACTOR)
  }

  out(): void {
    this.by(1 / KEY_FACTOR)
  }

  by(factor: number, at: Point = CENTRE): void {
    this.#scaleTo(this.placement.scale * factor, at)
  }

  pan(byX: number, byY: number): void {
    const { scale, x, y } = this.placement
    if (this.#free) this.#free = this.#within({ scale, x: x + byX, y: y + byY })
  }

  #scaleTo(wanted: number, at: Point): void {
    const { scale, x, y } = this.placement
    const actual = 1 / this.#pixelRatio
    const next = Math.min(LARGEST * actual, Math.max(Math.min(this.fitScale, actual), wanted))
    const grown = next / scale
    // So near to fitted that no eye sees the difference: fitted it stays when the window changes.
    if (Math.abs(next / this.fitScale - 1) < 0.01) this.#free = undefined
    else this.#free = this.#within({ scale: next, x: at.x - (at.x - x) * grown, y: at.y - (at.y - y) * grown })
  }

  /** A picture larger than the stage covers it; a smaller one lies in its middle. */
  #within({ scale, x, y }: Placement): Placement {
    const slackX = Math.max(0, (this.#picture.width * scale - this.#stage.width) / 2)
    const slackY = Math.max(0, (this.#picture.height * scale - this.#stage.height) / 2)
    return { scale, x: Math.min(slackX, Math.max(-slackX, x)), y: Math.min(slackY, Math.max(-slackY, y)) }
  }
}
