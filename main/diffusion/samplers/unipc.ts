import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { intervals } from '../sampler.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { momentWeights } from './moment-weights.ts'
import { isNoiseAlone } from './noise-alone.ts'

export interface UniPcOptions extends SamplerOptions {
  readonly order?: 1 | 2 | 3
  /** B(h): h itself, or e^h - 1, which the paper prefers with guidance. */
  readonly solver?: 'bh1' | 'bh2'
}

/**
 * Unified predictor-corrector: each step is corrected with the estimate that the next one needs anyway; one network call a
 * step. Zhao et al. 2023 (arXiv 2302.04867), algorithms 5 and 6 for data prediction; order 2 and B(h) = e^h - 1 by default.
 * No step is of a higher order than there are steps left, so one to level 0 is first order.
 */
export async function* uniPc(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { from, order = 2, solver = 'bh2' }: UniPcOptions,
): AsyncGenerator<SamplerStep, void, void> {
  const orderOf = (step: number) => Math.min(order, step + 1, sigmas.length - 1 - step)
  const levelsOf = (step: number) =>
    Array.from({ length: orderOf(step) + 1 }, (_, k) => -Math.log(sigmas[step + 1 - k] ?? NaN))
  // where the last step started from, and the estimates there and before, newest first
  let [start, ...estimates] = from?.memory ?? []
  for (const { step, sigma, sigmaNext } of intervals(sigmas, from)) {
    const denoised = await denoise(x, sigma)
    if (start && !isNoiseAlone(sigmas[step - 1] ?? 0)) {
      x = unified(start, estimates, levelsOf(step - 1), solver, denoised)
    }
    start = x
    estimates = [denoised, ...estimates].slice(0, order)
    x = unified(start, estimates, levelsOf(step), solver)
    yield { step: step + 1, sigma: sigmaNext, x, denoised, memory: [start, ...estimates] }
  }
}

/** The same with B(h) = h, for runs without guidance. */
export function uniPcBh1(...[denoise, x, sigmas, options]: Parameters<typeof uniPc>): ReturnType<typeof uniPc> {
  return uniPc(denoise, x, sigmas, { ...options, solver: 'bh1' })
}

/**
 * One step: a prediction, or with the estimate at its end, `later`, a correction.
 * @param levels -log sigma at the end of the step, at its start, and of as many earlier estimates as the order has
 */
function unified(
  x: Tensor,
  estimates: readonly Tensor[],
  [end = NaN, start = NaN, ...before]: readonly number[],
  solver: 'bh1' | 'bh2',
  later?: Tensor,
): Tensor {
  const [first = x, ...older] = estimates
  const h = end - start
  const nodes = before.map((level) => (level - start) / h)
  const values = older.slice(0, nodes.length)
  if (later) {
    nodes.push(1)
    values.push(later)
  }
  const euler = lerp(x, first, Math.exp(-h))
  if (nodes.length === 0) return euler
  const scale = solver === 'bh1' ? -h : Math.expm1(-h)
  // the paper takes a half where there is one, whatever B(h)
  const weights = nodes.length === 1 ? [1 / 2] : momentWeights(nodes, phiMoments(h, scale, nodes.length))
  const terms = values.map((value, k) => {
    const weight = (-scale * (weights[k] ?? NaN)) / (nodes[k] ?? NaN)
    return [weight, value] as const
  })
  const total = terms.reduce((sum, [weight]) => sum + weight, 0)
  return weightedSum([1, euler], [-total, first], ...terms)
}

/** The right-hand sides of the paper's equation 9: k! * phi_(k+1) over B(h), in its own recurrence. */
function phiMoments(h: number, scale: number, count: number): number[] {
  let phi = Math.expm1(-h) / -h - 1
  let factorial = 1
  return Array.from({ length: count }, (_, i) => {
    const moment = (phi * factorial) / scale
    factorial *= i + 2
    phi = phi / -h - 1 / factorial
    return moment
  })
}
