import * as z from 'zod'
import { recall, remember } from './remembered.ts'

const Remembered = z.object({
  controlsWidthPx: z.number(),
  stripWidthPx: z.number(),
  isNegativeOpen: z.boolean(),
  isSamplingOpen: z.boolean(),
  isGuidanceOpen: z.boolean().default(false),
  isSeedOpen: z.boolean().default(false),
  isAdvancedOpen: z.boolean().default(false),
})
type Remembered = z.infer<typeof Remembered>

export type RoomId = 'create' | 'gallery' | 'queue' | 'models' | 'settings'
export type Drawer = 'controls' | 'strip'
export type Overlay = 'palette' | 'shortcuts'

const KEY = 'layout'

/** Widths a resizable panel keeps to. */
export const PANEL_LIMITS = {
  controlsWidthPx: { min: 256, max: 480, start: share(0.16, 300, 380) },
  stripWidthPx: { min: 128, max: 520, start: share(0.14, 216, 340) },
} as const

/** A share of the window's width, within bounds. */
function share(part: number, minPx: number, maxPx: number): number {
  return Math.round(Math.min(maxPx, Math.max(minPx, window.innerWidth * part)))
}

const START: Remembered = {
  controlsWidthPx: PANEL_LIMITS.controlsWidthPx.start,
  stripWidthPx: PANEL_LIMITS.stripWidthPx.start,
  isNegativeOpen: false,
  isSamplingOpen: false,
  isGuidanceOpen: false,
  isSeedOpen: false,
  isAdvancedOpen: false,
}

/** Which room is open, how wide the panels are, and what lies over them. */
export class Layout {
  #room = $state<RoomId>('create')
  #drawer = $state<Drawer | undefined>(undefined)
  #overlay = $state<Overlay | undefined>(undefined)
  #remembered = $state.raw<Remembered>(recall(KEY, Remembered, START))

  get room(): RoomId {
    return this.#room
  }

  /** The side column that is open over the canvas in a narrow window. */
  get drawer(): Drawer | undefined {
    return this.#drawer
  }

  get overlay(): Overlay | undefined {
    return this.#overlay
  }

  get panels(): Remembered {
    return this.#remembered
  }

  goTo(room: RoomId): void {
    this.#room = room
    this.#drawer = undefined
  }

  openDrawer(drawer: Drawer | undefined): void {
    this.#drawer = drawer
  }

  openOverlay(overlay: Overlay | undefined): void {
    this.#overlay = overlay
  }

  change(patch: Partial<Remembered>): void {
    this.#remembered = { ...this.#remembered, ...patch }
    remember(KEY, this.#remembered)
  }
}
