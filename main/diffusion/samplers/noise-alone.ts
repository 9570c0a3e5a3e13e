/**
 * Whether x at this level is noise and nothing else. Tables that end near zero SNR fall by orders of magnitude in one step
 * from there; what corrects a step by a second estimate would multiply the small difference of the two by that fall.
 */
export function isNoiseAlone(sigma: number): boolean {
  return sigma > 1000
}
