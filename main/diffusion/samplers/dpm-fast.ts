import { weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Denoise, SamplerOptions, SamplerStep } from '../sampler.ts'
import { ancestralStep } from './ancestral-step.ts'
import { firstOrder, secondOrder, stageAt, thirdOrder } from './dpm-solver-step.ts'
import type { Stage } from './dpm-solver-step.ts'

/**
 * DPM-Solver-fast: strides of order 3 evenly spaced in log sigma, the last ones of lower order; as many network calls as the
 * schedule has steps, and counted as those. Lu et al. 2022 (arXiv 2206.00927), appendix D.3, after k-diffusion. It takes the
 * ends of the schedule; where that ends clean, its last call is for the step from the level before. `eta` defaults to 0.
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

function strides(sigmas: readonly number[]): Stride[] {
  const isClean = sigmas.at(-1) === 0
  const [highest = NaN] = sigmas
  const lowest = sigmas.at(isClean ? -2 : -1) ?? NaN
  const calls = sigmas.length - (isClean ? 2 : 1)
  const thirds = Math.floor(calls / 3)
  const orders = new Array<number>(calls % 3 === 0 ? Math.max(thirds - 1, 0) : thirds).fill(3)
  if (calls % 3 > 0) orders.push(calls % 3)
  else if (calls > 0) orders.push(2, 1)
  const level = (i: number) => (i === orders.length ? lowest : highest * (lowest / highest) ** (i / orders.length))
  const found = orders.map((order, i) => ({ order, sigma: level(i), sigmaNext: level(i + 1), lowest }))
  return isClean ? [...found, { order: 1, sigma: lowest, sigmaNext: 0, lowest: 0 }] : found
}
