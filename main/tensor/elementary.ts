const LN_2 = 0.6931471805599453
const HALF_PI = 1.5707963267948966
const SQRT_HALF = 0.7071067811865476
/** 1/21, 1/19, … 1 */
const ODD_RECIPROCALS = Array.from({ length: 11 }, (_, i) => 1 / (21 - 2 * i))

/** ln u for 0 < u <= 1: u = f * 2^e with f in [sqrt 1/2, sqrt 2), then ln f = 2 artanh((f - 1) / (f + 1)). */
export function naturalLogarithm(u: number): number {
  let f = u
  let e = 0
  while (f < SQRT_HALF) {
    f *= 2
    e--
  }
  const s = (f - 1) / (f + 1)
  const s2 = s * s
  let sum = 0
  for (const reciprocal of ODD_RECIPROCALS) sum = sum * s2 + reciprocal
  return e * LN_2 + 2 * s * sum
}

/** sin v for 0 <= v <= 2 pi, by its series around the nearest multiple of pi / 2. */
export function sine(v: number): number {
  const [quarter, r] = quarterOf(v)
  const value = quarter % 2 === 0 ? sineSeries(r) : cosineSeries(r)
  return quarter === 2 || quarter === 3 ? -value : value
}

/** cos v for 0 <= v <= 2 pi, the same way. */
export function cosine(v: number): number {
  const [quarter, r] = quarterOf(v)
  const value = quarter % 2 === 0 ? cosineSeries(r) : sineSeries(r)
  return quarter === 1 || quarter === 2 ? -value : value
}

function quarterOf(v: number): [quarter: number, rest: number] {
  const quarter = Math.floor(v / HALF_PI + 0.5)
  return [quarter, v - quarter * HALF_PI]
}

function sineSeries(r: number): number {
  let sum = 1
  for (let k = 16; k >= 2; k -= 2) sum = 1 - (sum * r * r) / (k * (k + 1))
  return r * sum
}

function cosineSeries(r: number): number {
  let sum = 1
  for (let k = 17; k >= 1; k -= 2) sum = 1 - (sum * r * r) / (k * (k + 1))
  return sum
}
