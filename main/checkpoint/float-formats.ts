let halfTable: Float32Array | undefined

/** IEEE 754 binary16 words as float32, exactly. */
export function widenHalf(halves: Uint16Array): Float32Array {
  const table = (halfTable ??= Float32Array.from({ length: 65536 }, (_, bits) => halfValue(bits)))
  const values = new Float32Array(halves.length)
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i] ?? 0] ?? 0
  return values
}

/** bfloat16 words, the upper half of a float32, as float32. */
export function widenBrainFloat(halves: Uint16Array): Float32Array {
  const words = new Uint32Array(halves.length)
  for (let i = 0; i < halves.length; i++) words[i] = (halves[i] ?? 0) << 16
  return new Float32Array(words.buffer)
}

/** 8-bit floats of 1 sign, 4 exponent (bias 7) and 3 fraction bits as float32, exactly; the largest of all stands for NaN. */
export function widenE4M3(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, (bits) => ((bits & 127) === 127 ? NaN : eighthValue(bits)))
}

/** 8-bit floats of 1 sign, 5 exponent (bias 15) and 2 fraction bits, the upper half of a binary16, as float32, exactly. */
export function widenE5M2(bytes: Uint8Array): Float32Array {
  return widenHalf(Uint16Array.from(bytes, (bits) => bits << 8))
}

/** GGUF's Q8_0 as float32, exactly: blocks of 17 words, an F16 scale and 32 signed bytes that it multiplies. */
export function widenBlocks(words: Uint16Array<ArrayBuffer>): Float32Array {
  const factors = new Int8Array(words.buffer, words.byteOffset)
  const blocks = Math.floor(words.length / 17)
  const scales = widenHalf(Uint16Array.from({ length: blocks }, (_, block) => words[17 * block] ?? 0))
  return Float32Array.from({ length: 32 * blocks }, (_, i) => {
    const block = Math.floor(i / 32)
    return (scales[block] ?? 0) * (factors[34 * block + 2 + (i % 32)] ?? 0)
  })
}

function eighthValue(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1
  const exponent = (bits >> 3) & 15
  const fraction = (bits & 7) / 8
  return exponent === 0 ? sign * fraction * 2 ** -6 : sign * (1 + fraction) * 2 ** (exponent - 7)
}

/** 1 sign, 5 exponent (bias 15) and 10 fraction bits. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = (bits & 1023) / 1024
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15)
}
