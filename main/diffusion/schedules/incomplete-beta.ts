/** Halvings that bring an interval of 1 below the resolution of float64 near 1. */
const HALVINGS = 60

/** The x in [0, 1] at which the regularised incomplete beta function is `share`: the quantile of a beta distribution. */
export function inverseIncompleteBeta(share: number, a: number, b: number): number {
  if (share <= 0) return 0
  if (share >= 1) return 1
  let low = 0
  let high = 1
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2
    if (incompleteBeta(middle, a, b) < share) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** The regularised incomplete beta function I_x(a, b), for x in [0, 1] and positive a and b. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // the fraction converges fast below the mean; above it, the symmetry I_x(a, b) = 1 - I_(1-x)(b, a)
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b)
  return Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta) / (a * continuedFraction(x, a, b))
}

/** DLMF 8.17.22, by the method of Lentz: 1 + d1 / (1 + d2 / (1 + ...)). */
function continuedFraction(x: number, a: number, b: number): number {
  let [value, c, d] = [1, 1, 0]
  for (let k = 1; k < 300; k++) {
    const m = Math.floor(k / 2)
    const numerator =
      k % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + numerator * d)
    c = 1 + numerator / c
    value *= c * d
    if (Math.abs(c * d - 1) < 1e-15) break
  }
  return value
}

/** Lanczos 1964 with g = 7 and nine terms, for z > 0; good to 15 digits. */
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

function logGamma(z: number): number {
  const base = z + 6.5
  const sum = LANCZOS.reduce((total, term, i) => total + term / (z + i), 0.99999999999980993)
  return Math.log(2 * Math.PI) / 2 + (z - 0.5) * Math.log(base) - base + Math.log(sum)
}
