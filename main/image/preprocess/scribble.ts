import type { Pixels } from '../pixels.ts'

const FINE_SIGMA = 0.5
const COARSE_SIGMA = 5
/** Twice how much darker than its surroundings a pixel is that becomes part of a line; A1111's default. */
const THRESHOLD = 32

/**
 * White lines on black where the picture is darker than what is around it, from a difference of Gaussians, as the XDoG
 * scribbles of the ControlNet authors' annotators (`scribble_xdog`); after Winnemöller 2011. The channel that differs least counts.
 */
export function scribble({ data, widthPx, heightPx }: Pixels): Pixels {
  const fine = blurred(data, widthPx, heightPx, FINE_SIGMA)
  const coarse = blurred(data, widthPx, heightPx, COARSE_SIGMA)
  const lines = new Uint8ClampedArray(data.length)
  for (let i = 0; i < data.length; i += 3) {
    const least = Math.min(...[i, i + 1, i + 2].map((at) => (coarse[at] ?? 0) - (fine[at] ?? 0)))
    // Rounded down to whole numbers, as there.
    const paper = Math.trunc(Math.min(255, Math.max(0, 255 - least)))
    if (2 * (255 - paper) > THRESHOLD) lines.fill(255, i, i + 3)
  }
  return { data: lines, widthPx, heightPx }
}

/** OpenCV's GaussianBlur of a float picture: the kernel reaches 4 sigma, the border is mirrored without its last pixel. */
function blurred(data: Uint8ClampedArray, width: number, height: number, sigma: number): Float32Array {
  const kernel = gaussian(sigma)
  const rows = new Float32Array(data.length)
  const result = new Float32Array(data.length)
  convolve(data, rows, { count: height, step: 3 * width, length: width, stride: 3 }, kernel)
  convolve(rows, result, { count: width, step: 3, length: height, stride: 3 * width }, kernel)
  return result
}

interface Lines {
  /** Lines, and how far apart their starts are. */
  readonly count: number
  readonly step: number
  /** Pixels of each, and how far apart they are. */
  readonly length: number
  readonly stride: number
}

function convolve(from: ArrayLike<number>, to: Float32Array, lines: Lines, kernel: readonly number[]): void {
  const radius = (kernel.length - 1) / 2
  const { count, step, length, stride } = lines
  const places = Array.from({ length: length + 2 * radius }, (_, i) => mirrored(i - radius, length) * stride)
  for (let start = 0; start < count * step; start += step) {
    for (let i = 0; i < length; i++) {
      for (let channel = start; channel < start + 3; channel++) {
        let sum = 0
        for (let k = 0; k < kernel.length; k++) sum += (kernel[k] ?? 0) * (from[channel + (places[i + k] ?? 0)] ?? 0)
        to[channel + i * stride] = sum
      }
    }
  }
}

function gaussian(sigma: number): number[] {
  const size = Math.round(sigma * 4 * 2 + 1) | 1
  const values = Array.from({ length: size }, (_, i) => Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * sigma ** 2)))
  const sum = values.reduce((total, value) => total + value, 0)
  return values.map((value) => value / sum)
}

/** ... 2 1 | 0 1 2 ... */
function mirrored(i: number, length: number): number {
  if (length === 1) return 0
  const period = 2 * (length - 1)
  const at = ((i % period) + period) % period
  return at < length ? at : period - at
}
