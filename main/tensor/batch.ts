import { isSameShape } from './arithmetic.ts'
import { tensor } from './tensor.ts'
import type { Tensor } from './tensor.ts'

/**
 * The tensors one after the other along the first axis.
 * @throws RangeError when another axis differs
 */
export function concatBatch(first: Tensor, ...more: Tensor[]): Tensor {
  const rest = first.shape.slice(1)
  const parts = [first, ...more]
  const rows = parts.reduce((sum, part) => sum + (part.shape[0] ?? 1), 0)
  const whole = tensor([rows, ...rest])
  let offset = 0
  for (const part of parts) {
    if (!isSameShape(part.shape.slice(1), rest)) {
      throw new RangeError(`expected a batch of shape [n, ${rest.join(', ')}], found [${part.shape.join(', ')}]`)
    }
    whole.data.set(part.data, offset)
    offset += part.data.length
  }
  return whole
}

/** Rows `start` up to, not including, `end` of the first axis, copied. */
export function sliceBatch(x: Tensor, start: number, end: number): Tensor {
  const rest = x.shape.slice(1)
  const row = rest.reduce((product, dimension) => product * dimension, 1)
  return tensor([end - start, ...rest], x.data.slice(start * row, end * row))
}

/** A batch of one repeated to `count`; a batch of `count` as it is. @throws RangeError for any other size */
export function expandBatch(x: Tensor, count: number): Tensor {
  if (x.shape[0] === count) return x
  if (x.shape[0] !== 1) throw new RangeError(`expected a batch of 1 or ${count}, found shape [${x.shape.join(', ')}]`)
  return concatBatch(x, ...Array.from({ length: count - 1 }, () => x))
}

/**
 * Of [n, a, h, w] and [n, b, h, w], [n, a + b, h, w].
 * @throws RangeError when another axis differs
 */
export function concatChannels(first: Tensor, second: Tensor): Tensor {
  const [count = 0, channels = 0, ...cells] = first.shape
  const [otherCount, otherChannels = 0, ...otherCells] = second.shape
  if (otherCount !== count || !isSameShape(cells, otherCells)) {
    throw new RangeError(`expected channels for [${first.shape.join(', ')}], found [${second.shape.join(', ')}]`)
  }
  const whole = tensor([count, channels + otherChannels, ...cells])
  const [size, otherSize] = [first.data.length / count, second.data.length / count]
  for (let i = 0; i < count; i++) {
    whole.data.set(first.data.subarray(i * size, (i + 1) * size), i * (size + otherSize))
    whole.data.set(second.data.subarray(i * otherSize, (i + 1) * otherSize), i * (size + otherSize) + size)
  }
  return whole
}

/** Channels `start` up to, not including, `end` of x [n, c, h, w], copied. */
export function channelsOf(x: Tensor, start: number, end: number): Tensor {
  const [count = 0, channels = 0, ...cells] = x.shape
  const part = tensor([count, end - start, ...cells])
  const plane = cells.reduce((product, dimension) => product * dimension, 1)
  for (let i = 0; i < count; i++) {
    const from = i * channels * plane
    part.data.set(x.data.subarray(from + start * plane, from + end * plane), i * (end - start) * plane)
  }
  return part
}
