/** A dense float32 array in C order; `data.length` is the product of `shape`. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** A tensor over `data` (not copied), or of zeros. @throws RangeError when the lengths differ */
export function tensor(shape: readonly number[], data?: Float32Array): Tensor {
  const size = shape.reduce((product, dimension) => product * dimension, 1)
  if (data && data.length !== size) {
    throw new RangeError(`expected ${size} values for shape [${shape.join(', ')}], found ${data.length}`)
  }
  return { shape, data: data ?? new Float32Array(size) }
}
