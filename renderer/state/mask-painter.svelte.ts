import type { InputId } from '../../main/contract/generation.ts'
import { inputUrl } from '../api.ts'
import type { Point } from '../canvas/mask/fitting.ts'
import { MaskSurface, type MaskTool } from '../canvas/mask/mask-surface.ts'
import { TileHistory } from '../canvas/mask/tile-history.ts'
import { uploadPicture } from '../upload.ts'
import type { Draft } from './draft.svelte.ts'
import { Zoom } from './zoom.svelte.ts'

/** How long the hand rests before the mask is kept. */
const REST_MS = 600
const KEY_FACTOR = 1.25
/** A new brush is this share of the picture's shorter side. */
const FIRST_BRUSH = 1 / 8

/** Painting a mask over the draft's start picture. Its pixels lie outside of reactive state, on a canvas that is shown as it is. */
export class MaskPainter {
  readonly #draft: Draft
  readonly #report: (error: unknown) => void
  readonly zoom = new Zoom()
  #surface = $state.raw<MaskSurface>()
  #history: TileHistory | undefined
  #inputId = $state<InputId>()
  #isOpen = $state(false)
  #canUndo = $state(false)
  #canRedo = $state(false)
  #tool = $state<MaskTool>('brush')
  #brushPx = $state(16)
  #last: Point | undefined
  /** The mask that the surface holds as the studio keeps it. */
  #keptId = $state<InputId>()
  #isKept = $state(true)
  #rest: ReturnType<typeof setTimeout> | undefined
  #keeping: Promise<void> = Promise.resolve()

  constructor(draft: Draft, report: (error: unknown) => void) {
    this.#draft = draft
    this.#report = report
  }

  /** Whether the draft's start picture is being painted on. */
  get isPainting(): boolean {
    const { init } = this.#draft.fields
    // Settings of a picture may have brought another mask.
    const isSame = !this.#isKept || this.#keptId === init?.mask?.id
    return this.#isOpen && this.#inputId !== undefined && this.#inputId === init?.id && isSame
  }

  get tool(): MaskTool {
    return this.#tool
  }

  get brushPx(): number {
    return this.#brushPx
  }

  /** Half the shorter side: a larger one is a fill. */
  get largestBrushPx(): number {
    const { width, height } = this.#surface?.size ?? { width: 512, height: 512 }
    return Math.max(2, Math.round(Math.min(width, height) / 2))
  }

  get canUndo(): boolean {
    return this.#canUndo
  }

  get canRedo(): boolean {
    return this.#canRedo
  }

  /** What is painted on, once it is open. */
  get surface(): MaskSurface | undefined {
    return this.#surface
  }

  /** Takes up the start picture with its mask, or where it was left. @throws where the picture cannot be read */
  async open(): Promise<void> {
    const { init } = this.#draft.fields
    if (!init) return
    if (this.#inputId !== init.id || this.#keptId !== init.mask?.id) await this.#take(init.id, init.mask?.id)
    this.zoom.fit()
    this.#isOpen = true
  }

  close(): void {
    this.end()
    this.#isOpen = false
    void this.settle()
  }

  /** Leaves what was painted; the draft's mask is to go. */
  forget(): void {
    clearTimeout(this.#rest)
    this.#isKept = true
    this.#isOpen = false
    this.#inputId = undefined
  }

  use(tool: MaskTool): void {
    this.#tool = tool
  }

  setBrush(px: number): void {
    this.#brushPx = Math.min(this.largestBrushPx, Math.max(1, Math.round(px)))
  }

  /** One step larger or smaller, by a pixel at least. */
  stepBrush(direction: 1 | -1): void {
    const next = this.#brushPx * KEY_FACTOR ** direction
    this.setBrush(direction > 0 ? Math.max(next, this.#brushPx + 1) : Math.min(next, this.#brushPx - 1))
  }

  /** Puts the brush down, or draws on from where it was. @param pressure 0-1, of a pen; thins the stroke */
  draw(to: Point, pressure = 1): void {
    const widthPx = Math.max(1, this.#brushPx * (0.25 + 0.75 * pressure))
    const from = this.#last ?? to
    if (!this.#surface) return
    this.#history?.touch(this.#surface.strokeArea(from, to, widthPx))
    this.#surface.draw(this.#tool, from, to, widthPx)
    this.#last = to
  }

  /** Lifts the brush. */
  end(): void {
    if (!this.#last) return
    this.#last = undefined
    this.#committed(this.#history?.commit() ?? false)
  }

  fill(): void {
    this.#editWhole((surface) => surface.fill())
  }

  clear(): void {
    this.#editWhole((surface) => surface.clear())
  }

  invert(): void {
    this.#editWhole((surface) => surface.invert())
  }

  /** Takes a picture's light parts as the mask. */
  load(picture: CanvasImageSource): void {
    this.#editWhole((surface) => surface.load(picture))
  }

  undo(): void {
    this.end()
    this.#committed(this.#history?.undo() ?? false)
  }

  redo(): void {
    this.end()
    this.#committed(this.#history?.redo() ?? false)
  }

  /** The draft has the mask as it is painted, once this settles. */
  settle(): Promise<void> {
    clearTimeout(this.#rest)
    this.#keeping = this.#keeping.then(() => this.#keep()).catch(this.#report)
    return this.#keeping
  }

  async #take(inputId: InputId, maskId: InputId | undefined): Promise<void> {
    await this.settle()
    const picture = await readImage(inputUrl(inputId))
    const surface = new MaskSurface({ width: picture.naturalWidth, height: picture.naturalHeight })
    if (maskId !== undefined) surface.load(await readImage(inputUrl(maskId)))
    const isOther = this.#inputId !== inputId
    this.#surface = surface
    this.#history = new TileHistory(surface)
    this.#inputId = inputId
    this.#keptId = maskId
    this.#isKept = true
    this.#noteHistory()
    if (isOther) this.setBrush(Math.min(picture.naturalWidth, picture.naturalHeight) * FIRST_BRUSH)
  }

  #editWhole(edit: (surface: MaskSurface) => void): void {
    this.end()
    if (!this.#surface) return
    this.#history?.touch(this.#surface.whole)
    edit(this.#surface)
    this.#committed(this.#history?.commit() ?? false)
  }

  #committed(isChanged: boolean): void {
    if (!isChanged) return
    this.#noteHistory()
    this.#isKept = false
    clearTimeout(this.#rest)
    this.#rest = setTimeout(() => void this.settle(), REST_MS)
  }

  #noteHistory(): void {
    this.#canUndo = this.#history?.canUndo ?? false
    this.#canRedo = this.#history?.canRedo ?? false
  }

  async #keep(): Promise<void> {
    const surface = this.#surface
    if (this.#isKept || !surface) return
    this.#isKept = true
    const inputId = this.#inputId
    const id = surface.isEmpty ? undefined : await this.#upload(surface)
    // Another start picture meanwhile has no use for it.
    if (this.#draft.fields.init?.id !== inputId) return
    this.#keptId = id
    if (id === undefined) this.#draft.removeMask()
    else this.#draft.useMask(id)
  }

  async #upload(surface: MaskSurface): Promise<InputId> {
    try {
      return (await uploadPicture(await surface.toPng())).id
    } catch (error) {
      this.#isKept = false
      throw error
    }
  }
}

async function readImage(url: string): Promise<HTMLImageElement> {
  const image = new Image()
  image.src = url
  await image.decode()
  return image
}
