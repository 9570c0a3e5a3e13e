import { StudioError } from '../../../main/contract/failure.ts'
import type { Point, Size } from './fitting.ts'

export type MaskTool = 'brush' | 'eraser'

/** A part of the surface, in whole pixels. */
export interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** What the mask is shown in; its opacity over the picture is the stage's. */
const TINT = [64, 156, 255] as const
const OPAQUE = 255

/** A mask as pixels: opaque repaints, clear keeps. The canvas is the one that is shown. */
export class MaskSurface {
  readonly canvas: HTMLCanvasElement
  readonly size: Size
  readonly #context: CanvasRenderingContext2D

  constructor({ width, height }: Size) {
    this.size = { width, height }
    this.canvas = document.createElement('canvas')
    this.canvas.width = width
    this.canvas.height = height
    this.#context = contextOf(this.canvas)
    const colour = `rgb(${TINT.join(' ')})`
    Object.assign(this.#context, { lineCap: 'round', lineJoin: 'round', fillStyle: colour, strokeStyle: colour })
  }

  /** Draws a stretch of a stroke; a dab where it goes nowhere. Returns what it may have touched. */
  draw(tool: MaskTool, from: Point, to: Point, widthPx: number): Area {
    const context = this.#context
    context.globalCompositeOperation = tool === 'brush' ? 'source-over' : 'destination-out'
    context.lineWidth = widthPx
    context.beginPath()
    if (from.x === to.x && from.y === to.y) {
      // A line of no length has no caps.
      context.arc(to.x, to.y, widthPx / 2, 0, 2 * Math.PI)
      context.fill()
    } else {
      context.moveTo(from.x, from.y)
      context.lineTo(to.x, to.y)
      context.stroke()
    }
    context.globalCompositeOperation = 'source-over'
    return this.strokeArea(from, to, widthPx)
  }

  /** What a stretch of a stroke touches of the surface. */
  strokeArea(from: Point, to: Point, widthPx: number): Area {
    const reach = widthPx / 2 + 1
    return this.#within({
      x: Math.min(from.x, to.x) - reach,
      y: Math.min(from.y, to.y) - reach,
      width: Math.abs(to.x - from.x) + 2 * reach,
      height: Math.abs(to.y - from.y) + 2 * reach,
    })
  }

  get whole(): Area {
    return { x: 0, y: 0, ...this.size }
  }

  fill(): void {
    this.#context.fillRect(0, 0, this.size.width, this.size.height)
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.size.width, this.size.height)
  }

  invert(): void {
    this.write(
      this.whole,
      this.read(this.whole).map((value) => OPAQUE - value),
    )
  }

  /** The mask's values of an area, 0-255, row by row. */
  read({ x, y, width, height }: Area): Uint8Array {
    const { data } = this.#context.getImageData(x, y, width, height)
    const values = new Uint8Array(width * height)
    for (let i = 0; i < values.length; i++) values[i] = data[i * 4 + 3] ?? 0
    return values
  }

  write({ x, y, width, height }: Area, values: Uint8Array): void {
    const [red, green, blue] = TINT
    const image = new ImageData(width, height)
    values.forEach((value, i) => {
      setPixel(image.data, i, red, green, blue, value)
    })
    this.#context.putImageData(image, x, y)
  }

  /** Takes another picture as the mask, brought to this one's size: what is light there repaints. */
  load(picture: CanvasImageSource): void {
    const { width, height } = this.size
    const drawn = contextOf(Object.assign(document.createElement('canvas'), { width, height }))
    drawn.fillRect(0, 0, width, height)
    drawn.drawImage(picture, 0, 0, width, height)
    const { data } = drawn.getImageData(0, 0, width, height)
    const values = new Uint8Array(width * height)
    for (let i = 0; i < values.length; i++) {
      values[i] = Math.round(
        0.299 * (data[i * 4] ?? 0) + 0.587 * (data[i * 4 + 1] ?? 0) + 0.114 * (data[i * 4 + 2] ?? 0),
      )
    }
    this.write(this.whole, values)
  }

  get isEmpty(): boolean {
    return this.read(this.whole).every((value) => value === 0)
  }

  /** The mask as a file: white repaints, black keeps. */
  async toPng(): Promise<Blob> {
    const { width, height } = this.size
    const image = new ImageData(width, height)
    this.read(this.whole).forEach((value, i) => {
      setPixel(image.data, i, value, value, value, OPAQUE)
    })
    const plain = Object.assign(document.createElement('canvas'), { width, height })
    contextOf(plain).putImageData(image, 0, 0)
    const blob = await new Promise<Blob | null>((resolve) => {
      plain.toBlob(resolve, 'image/png')
    })
    if (!blob) throw new StudioError('out-of-memory', `expected a mask of ${width} × ${height} as a PNG, found no room`)
    return blob
  }

  #within(area: Area): Area {
    const left = Math.max(0, Math.floor(area.x))
    const top = Math.max(0, Math.floor(area.y))
    const right = Math.min(this.size.width, Math.ceil(area.x + area.width))
    const bottom = Math.min(this.size.height, Math.ceil(area.y + area.height))
    return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) }
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new StudioError('internal', 'expected a canvas to draw on, found none')
  return context
}

function setPixel(data: Uint8ClampedArray, i: number, red: number, green: number, blue: number, alpha: number): void {
  data[i * 4] = red
  data[i * 4 + 1] = green
  data[i * 4 + 2] = blue
  data[i * 4 + 3] = alpha
}
