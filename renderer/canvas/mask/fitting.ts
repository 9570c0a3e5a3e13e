import type { FitMode } from '../../../main/contract/generation.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

/** How a picture lies in a frame: its scale, and where its corner is from the frame's. */
export interface Fitted {
  readonly scaleX: number
  readonly scaleY: number
  readonly left: number
  readonly top: number
}

/** The same as CSS's `object-fit` does with cover, contain and fill. */
export function fitInto(picture: Size, frame: Size, fit: FitMode): Fitted {
  const toWidth = frame.width / picture.width
  const toHeight = frame.height / picture.height
  const both = fit === 'crop' ? Math.max(toWidth, toHeight) : Math.min(toWidth, toHeight)
  const [scaleX, scaleY] = fit === 'stretch' ? [toWidth, toHeight] : [both, both]
  return {
    scaleX,
    scaleY,
    left: (frame.width - picture.width * scaleX) / 2,
    top: (frame.height - picture.height * scaleY) / 2,
  }
}

/** A point of the frame in the picture's own pixels; outside of the picture it lies outside of its size. */
export function toPicture({ x, y }: Point, { scaleX, scaleY, left, top }: Fitted): Point {
  return { x: (x - left) / scaleX, y: (y - top) / scaleY }
}
