import { describe, expect, it } from 'vitest'
import { tensor } from '../tensor/tensor.ts'
import { fromPixels, toPixels } from './pixels.ts'

const grey = (value: number): number => toPixels(tensor([1, 3, 1, 1], new Float32Array(3).fill(value))).data[0] ?? -1

describe('toPixels', () => {
  it.each([
    [-1, 0],
    [1, 255],
    [0, 128],
    [1 / 255, 128],
    [-1 / 255, 127],
    [-1.5, 0],
    [7, 255],
    [Infinity, 255],
    [Number.NaN, 0],
  ])('takes %d to %d', (value, pixel) => {
    expect(grey(value)).toBe(pixel)
  })

  it('gives back every 8-bit value', () => {
    const pixels = Uint8Array.from({ length: 256 * 3 }, (_, i) => Math.floor(i / 3))
    expect([...toPixels(fromPixels(pixels, 16, 16)).data]).toEqual([...pixels])
  })

  it('refuses what is not one picture of three channels', () => {
    expect(() => toPixels(tensor([1, 4, 2, 2]))).toThrow(/\[1, 3, h, w\], found \[1, 4, 2, 2\]/)
    expect(() => toPixels(tensor([2, 3, 2, 2]))).toThrow(/found \[2, 3, 2, 2\]/)
  })
})
