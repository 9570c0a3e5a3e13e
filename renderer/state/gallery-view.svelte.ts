import * as z from 'zod'
import { GalleryFilter, type ImageId } from '../../main/contract/image.ts'
import type { GridPlace } from '../components/grid-layout.ts'
import type { GalleryState } from './gallery.svelte.ts'
import { neighbour } from './neighbour.ts'
import { PictureSelection } from './picture-selection.svelte.ts'
import { recall, remember } from './remembered.ts'
import { Zoom } from './zoom.svelte.ts'

/** Sides of the grid's cells. */
export const CELL_LIMITS = { min: 88, max: 368, start: 168 } as const

const KEY = 'gallery'

const Remembered = z.object({
  cellPx: z.number().min(CELL_LIMITS.min).max(CELL_LIMITS.max),
  order: GalleryFilter.shape.order,
  isInfoOpen: z.boolean(),
  isOriginOpen: z.boolean().default(false),
})
type Remembered = z.infer<typeof Remembered>

const START: Remembered = { cellPx: CELL_LIMITS.start, order: 'newest', isInfoOpen: true, isOriginOpen: false }

interface Found {
  readonly filter: GalleryFilter
  /** Undefined for a filter that lets everything pass: the gallery's own list is the answer. */
  readonly ids: readonly ImageId[] | undefined
}

/** What the Gallery room shows, kept while other rooms are open: the search, the selection, the place, the open picture. */
export class GalleryView {
  readonly #gallery: GalleryState
  #remembered = $state.raw<Remembered>(recall(KEY, Remembered, START))
  #filter = $state.raw<GalleryFilter>({ text: '', starredOnly: false, order: this.#remembered.order })
  #found = $state.raw<Found>({ filter: this.#filter, ids: undefined })
  #openId = $state<ImageId | undefined>(undefined)
  #isSearchDue = $state(false)
  readonly selection = new PictureSelection()
  readonly zoom = new Zoom()
  /** The cell the keyboard is on. */
  current = $state<ImageId | undefined>(undefined)
  /** What is at the top of the grid; read when the room opens, so nothing has to follow it. */
  place: GridPlace | undefined
  /** Whether the grid is about to be opened by leaving a picture, whose cell then takes the focus. */
  isReturning = false
  #origin: DOMRect | undefined

  /** What the search found, in its order. */
  readonly ids: readonly ImageId[] = $derived.by(() => {
    const { filter, ids } = this.#found
    if (ids) return ids
    return filter.order === 'newest' ? this.#gallery.ids : this.#gallery.ids.toReversed()
  })
  /** What is selected, in the order of the list. */
  readonly selected: readonly ImageId[] = $derived(
    this.selection.isEmpty ? [] : this.ids.filter((id) => this.selection.has(id)),
  )
  readonly #openIndex = $derived(this.#openId === undefined ? -1 : this.ids.indexOf(this.#openId))

  constructor(gallery: GalleryState) {
    this.#gallery = gallery
  }

  /** What is asked for; what is shown answers it as soon as the database has. */
  get filter(): GalleryFilter {
    return this.#filter
  }

  /** The question the list is the answer to; another object for each question. */
  get answered(): GalleryFilter {
    return this.#found.filter
  }

  get isFiltered(): boolean {
    return !letsAllPass(this.#found.filter)
  }

  get cellPx(): number {
    return this.#remembered.cellPx
  }

  get isInfoOpen(): boolean {
    return this.#remembered.isInfoOpen
  }

  /** Whether it is shown what was at work when the open picture was made. */
  get isOriginOpen(): boolean {
    return this.#remembered.isOriginOpen
  }

  /** The picture that fills the room, if one does. */
  get openId(): ImageId | undefined {
    return this.#openId
  }

  /** Where it is in the list, from 0; -1 when it is not in it. */
  get openIndex(): number {
    return this.#openIndex
  }

  /** Whether someone asked to type into the search line, which has not heard of it yet. */
  get isSearchDue(): boolean {
    return this.#isSearchDue
  }

  change(patch: Partial<Pick<Remembered, 'cellPx' | 'isInfoOpen' | 'isOriginOpen'>>): void {
    this.#remember(patch)
  }

  ask(patch: Partial<GalleryFilter>): void {
    this.#filter = { ...this.#filter, ...patch }
    this.#remember({ order: this.#filter.order })
  }

  /** Leaves all pictures in their usual order. */
  askForAll(): void {
    this.ask({ text: '', starredOnly: false })
  }

  /** Finds what is asked for, anew when the gallery has changed. A later question makes an earlier answer void. */
  async search(): Promise<void> {
    const filter = this.#filter
    const ids = letsAllPass(filter) ? undefined : await this.#gallery.find(filter)
    if (filter !== this.#filter) return
    if (filter !== this.#found.filter) this.#forgetPlace()
    this.#found = { filter, ids }
  }

  /** @param from where its picture is on screen now, from where it grows */
  open(id: ImageId, from?: DOMRect): void {
    this.#openId = id
    this.#origin = from
    this.current = id
  }

  /** Where the picture that was just opened was on screen, told once. */
  takeOrigin(): DOMRect | undefined {
    const origin = this.#origin
    this.#origin = undefined
    return origin
  }

  close(): void {
    this.isReturning = this.#openId !== undefined
    this.#openId = undefined
  }

  /** Opens the picture that many places further down the list, or the last there is. */
  openNext(places: number): void {
    if (this.#openIndex < 0) return
    const next = this.ids[Math.min(this.ids.length - 1, Math.max(0, this.#openIndex + places))]
    if (next !== undefined) this.open(next)
  }

  /** The open picture has left the list it was in: opens the one that took its place. */
  openInstead(before: readonly ImageId[]): void {
    if (this.#openId === undefined) return
    const here = new Set(this.ids)
    const next = before.includes(this.#openId) ? neighbour(before, this.#openId, (id) => here.has(id)) : undefined
    if (next === undefined) this.close()
    else this.open(next)
  }

  /** Asks whoever has the search line to take the keyboard there, and then to say that it has. */
  askForSearch(): void {
    this.#openId = undefined
    this.#isSearchDue = true
  }

  searchReached(): void {
    this.#isSearchDue = false
  }

  #forgetPlace(): void {
    this.selection.clear()
    this.current = undefined
    this.place = undefined
    this.#openId = undefined
  }

  #remember(patch: Partial<Remembered>): void {
    this.#remembered = { ...this.#remembered, ...patch }
    remember(KEY, this.#remembered)
  }
}

function letsAllPass({ text, starredOnly }: GalleryFilter): boolean {
  return text.trim() === '' && !starredOnly
}
