import { weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { ancestralStep } from './ancestral-step.ts'
import { SIGMA_LIMIT } from '../level-rules.ts'
import { firstOrder, secondOrder, stageAt, thirdOrder } from './dpm-solver-step.ts'
import type { Stage } from './dpm-solver-step.ts'
import { isNoiseAlone } from './noise-alone.ts'

/**
 * DPM-Solver-fast: strides of order 3 evenly spaced in log sigma, the last ones of lower order; as many network calls as the
 * schedule has steps, and counted as those. Lu et al. 2022 (arXiv 2206.00927), appendix D.3, after k-diffusion. It takes the
 * ends of the schedule; where that ends clean, its last call is for the step
 * from the level before; where it starts from noise alone, its first is for the step to sigma 164. `eta` defaults to 0.
 */
export async function* dpmFast(
  denoise: Denoise,
  x: Tensor,
  sigmas: readonly number[],
  { noise, from, eta = 0 }: SamplerOptions,
): AsyncGenerator<SamplerStep, void, void> {
  let step = 0
  for (const [draw, { order, sigma, sigmaNext, lowest }] of strides(sigmas).entries()) {
    step += order
    if (step <= (from?.step ?? 0)) continue
    const sigmaDown = Math.max(ancestralStep(sigma, sigmaNext, eta).sigmaDown, lowest)
    const start: Stage = { x, sigma, denoised: await denoise(x, sigma) }
    x = await solved(denoise, start, sigmaDown, order)
    const added = Math.sqrt(sigmaNext ** 2 - sigmaDown ** 2)
    if (added > 0) x = weightedSum([1, x], [added, noise(draw, [sigma, sigmaNext])])
    yield { step, sigma: sigmaNext, x, denoised: start.denoised, memory: [] }
  }
}

async function solved(denoise: Denoise, start: Stage, sigmaNext: number, order: number): Promise<Tensor> {
  if (order === 1) return firstOrder(start, sigmaNext)
  const middle = await stageAt(denoise, start, sigmaNext, 1 / order)
  return order === 2 ? secondOrder(start, middle, sigmaNext) : thirdOrder(denoise, start, middle, sigmaNext)
}

interface Stride {
  /** And calls of the network. */
  readonly order: number
  readonly sigma: number
  readonly sigmaNext: number
  /** No noise is added from below this level. */
  readonly lowest: number
}

function strides([highest = NaN, ...lower]: readonly number[]): Stride[] {
  if (lower.at(-1) === 0) {
    const lowest = lower.at(-2) ?? highest
    const last = { order: 1, sigma: lowest, sigmaNext: 0, lowest: 0 }
    return lower.length === 1 ? [last] : [...strides([highest, ...lower.slice(0, -1)]), last]
  }
  const lowest = lower.at(-1) ?? NaN
  if (isNoiseAlone(highest) && lower.length > 1) {
    const first = { order: 1, sigma: highest, sigmaNext: SIGMA_LIMIT, lowest: SIGMA_LIMIT }
    return [first, ...evenStrides(SIGMA_LIMIT, lowest, lower.length - 1)]
  }
  return evenStrides(highest, lowest, lower.length)
}

function evenStrides(highest: number, lowest: number, calls: number): Stride[] {
  const thirds = Math.floor(calls / 3)
  const orders = new Array<number>(calls % 3 === 0 ? thirds - 1 : thirds).fill(3)
  orders.push(...(calls % 3 === 0 ? [2, 1] : [calls % 3]))
  const level = (i: number) => (i === orders.length ? lowest : highest * (lowest / highest) ** (i / orders.length))
  return orders.map((order, i) => ({ order, sigma: level(i), sigmaNext: level(i + 1), lowest }))
}
