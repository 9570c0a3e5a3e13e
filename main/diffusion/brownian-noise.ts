import { gaussianNoise } from '../tensor/noise.ts'
import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** The path runs over -log2 sigma from sigma 2^24 to 2^-8, in leaves of a ratio of 1.00004. */
const HIGHEST = 24
const LEVELS = 19
const LEAVES = 2 ** LEVELS
const LEAVES_PER_OCTAVE = LEAVES / 32
/** Apart from the draws of a run, which are stream 0. */
const STREAM = 1

/** A point of the path, in leaves from its start, and the path's value there. */
interface Point {
  readonly leaf: number
  readonly value: Float64Array
}

/**
 * Noise between two levels as the increment of one Brownian path, over the root of its length: it depends on the seed and on
 * the levels alone, not on how many steps there are or in which order they are asked for, and the increments of neighbouring
 * intervals add up to that of both together. So more steps refine a picture instead of making another one.
 *
 * The path is bisected: the middle of an interval is the mean of its ends plus noise that belongs to that middle. Li et al.
 * 2020 (arXiv 2001.01328), section 4, the virtual Brownian tree, on counter-based noise.
 * @param shape of the result
 */
export function brownianNoise(seed: number, shape: readonly number[]): (sigma: number, sigmaNext: number) => Tensor {
  const draw = (node: number) => gaussianNoise(seed, node, shape, STREAM).data
  const start: Point = { leaf: 0, value: new Float64Array(tensor(shape).data.length) }
  const end: Point = { leaf: LEAVES, value: Float64Array.from(draw(0), (value) => value * Math.sqrt(LEAVES)) }
  /** The middles of the last two descents, by node: the next one is near, and often to one of their ends. */
  let [newer, older] = [new Map<number, Point>(), new Map<number, Point>()]

  function valueAt(leaf: number): Float64Array {
    const passed = new Map<number, Point>()
    let [low, high, node] = [start, end, 1]
    while (leaf !== low.leaf && leaf !== high.leaf) {
      const middle = newer.get(node) ?? older.get(node) ?? middleOf(low, high, draw(node))
      passed.set(node, middle)
      if (leaf < middle.leaf) [high, node] = [middle, 2 * node]
      else [low, node] = [middle, 2 * node + 1]
    }
    ;[newer, older] = [passed, newer]
    return leaf === low.leaf ? low.value : high.value
  }

  return (sigma, sigmaNext) => {
    const from = leafOf(sigma)
    const to = Math.max(leafOf(sigmaNext), from + 1)
    const [before, after] = [valueAt(from), valueAt(to)]
    const length = Math.sqrt(to - from)
    return tensor(
      shape,
      Float32Array.from(after, (value, i) => (value - (before[i] ?? NaN)) / length),
    )
  }
}

function middleOf(low: Point, high: Point, noise: Float32Array): Point {
  const deviation = Math.sqrt((high.leaf - low.leaf) / 4)
  const value = low.value.map((a, i) => (a + (high.value[i] ?? NaN)) / 2 + deviation * (noise[i] ?? NaN))
  return { leaf: (low.leaf + high.leaf) / 2, value }
}

/** Levels outside the path's ends are at its ends. */
function leafOf(sigma: number): number {
  const leaf = Math.round((HIGHEST - Math.log2(sigma)) * LEAVES_PER_OCTAVE)
  return Math.min(Math.max(leaf, 0), LEAVES - 1)
}
