import type { Pixels } from '../pixels.ts'

/** tan 22.5° and tan 67.5°, between which a gradient counts as diagonal. */
const TAN_22_5 = Math.SQRT2 - 1
const TAN_67_5 = Math.SQRT2 + 1

export interface CannyThresholds {
  /** An edge goes on while its gradient is above this. */
  readonly low: number
  /** An edge starts where its gradient is above this. */
  readonly high: number
}

/** What A1111's extension and the original's annotator start from. */
const DEFAULT_THRESHOLDS: CannyThresholds = { low: 100, high: 200 }

/**
 * White edges one pixel wide on black. Canny 1986 as OpenCV's `Canny(image, low, high)` does it: no blur; Sobel 3x3 of each
 * channel with the border repeated, of which the channel with the largest |dx| + |dy| counts; what is not the largest across
 * its edge is dropped, in four directions; edges are followed from above `high` over what is above `low`, in eight directions.
 */
export function canny({ data, widthPx, heightPx }: Pixels, thresholds = DEFAULT_THRESHOLDS): Pixels {
  const gradient = sobel(data, widthPx, heightPx)
  const edges = linked(thinned(gradient, widthPx, heightPx), gradient.strength, widthPx, thresholds)
  const drawn = new Uint8ClampedArray(data.length)
  for (const [i, isEdge] of edges.entries()) if (isEdge) drawn.fill(255, 3 * i, 3 * i + 3)
  return { data: drawn, widthPx, heightPx }
}

interface Gradient {
  readonly dx: Int16Array
  readonly dy: Int16Array
  /** |dx| + |dy| */
  readonly strength: Int16Array
}

function sobel(data: Uint8ClampedArray, width: number, height: number): Gradient {
  const [dx, dy, strength] = [0, 0, 0].map(() => new Int16Array(width * height)) as [Int16Array, Int16Array, Int16Array]
  for (let y = 0; y < height; y++) {
    const rows = [Math.max(0, y - 1), y, Math.min(height - 1, y + 1)].map((row) => row * width) as [
      number,
      number,
      number,
    ]
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)]
      const i = y * width + x
      strength[i] = -1
      for (let channel = 0; channel < 3; channel++) {
        const at = (row: number, column: number) => data[3 * (row + column) + channel] ?? 0
        const [above, beside, below] = rows
        const across =
          at(above, right) -
          at(above, left) +
          2 * (at(beside, right) - at(beside, left)) +
          at(below, right) -
          at(below, left)
        const down =
          at(below, left) - at(above, left) + 2 * (at(below, x) - at(above, x)) + at(below, right) - at(above, right)
        const sum = Math.abs(across) + Math.abs(down)
        if (sum <= (strength[i] ?? 0)) continue
        dx[i] = across
        dy[i] = down
        strength[i] = sum
      }
    }
  }
  return { dx, dy, strength }
}

/** Whether a pixel's gradient is the largest across its edge; of two equal ones beside each other the first stays. Outside the picture it is 0. */
function thinned({ dx, dy, strength }: Gradient, width: number, height: number): Uint8Array {
  const kept = new Uint8Array(strength.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x
      const at = (column: number, row: number) =>
        column < 0 || row < 0 || column >= width || row >= height ? 0 : (strength[row * width + column] ?? 0)
      const own = strength[i] ?? 0
      const [across, down] = [dx[i] ?? 0, dy[i] ?? 0]
      const [wide, high] = [Math.abs(across), Math.abs(down)]
      const sign = across < 0 !== down < 0 ? -1 : 1
      let isLargest: boolean
      if (high < wide * TAN_22_5) isLargest = own > at(x - 1, y) && own >= at(x + 1, y)
      else if (high > wide * TAN_67_5) isLargest = own > at(x, y - 1) && own >= at(x, y + 1)
      else isLargest = own > at(x - sign, y - 1) && own > at(x + sign, y + 1)
      kept[i] = isLargest ? 1 : 0
    }
  }
  return kept
}

/** The kept pixels above `low` that hang together with one above `high`. */
function linked(kept: Uint8Array, strength: Int16Array, width: number, { low, high }: CannyThresholds): Uint8Array {
  const edges = new Uint8Array(kept.length)
  const isCandidate = (i: number) => kept[i] === 1 && (strength[i] ?? 0) > low
  const open: number[] = []
  const take = (i: number) => {
    if (edges[i] === 1) return
    edges[i] = 1
    open.push(i)
  }
  for (const i of kept.keys()) if (isCandidate(i) && (strength[i] ?? 0) > high) take(i)
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    const x = i % width
    for (const row of [i - width, i, i + width]) {
      for (const step of [-1, 0, 1]) {
        const isInside = x + step >= 0 && x + step < width && row + step >= 0 && row + step < kept.length
        if (isInside && isCandidate(row + step)) take(row + step)
      }
    }
  }
  return edges
}
