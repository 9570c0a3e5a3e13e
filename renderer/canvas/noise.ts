import type { Attachment } from 'svelte/attachments'

/** Pixels of a picture per drawn speck. */
const PX_A_SPECK = 4

/** Fills a canvas with grey-tinted noise from `seed`: what a picture looks like before its first step. */
export function noise(seed: number, widthPx: number, heightPx: number): Attachment<HTMLCanvasElement> {
  return (canvas) => {
    canvas.width = Math.max(1, Math.round(widthPx / PX_A_SPECK))
    canvas.height = Math.max(1, Math.round(heightPx / PX_A_SPECK))
    const context = canvas.getContext('2d')
    if (!context) return
    const pixels = context.createImageData(canvas.width, canvas.height)
    const random = mulberry32(seed)
    for (let index = 0; index < pixels.data.length; index += 4) {
      const light = 96 + 64 * (random() + random() - 1)
      for (let channel = 0; channel < 3; channel += 1) pixels.data[index + channel] = light + 56 * (random() - 0.5)
      pixels.data[index + 3] = 255
    }
    context.putImageData(pixels, 0, 0)
  }
}

/** A small generator for looks only; the studio's own noise is another and better one. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}
