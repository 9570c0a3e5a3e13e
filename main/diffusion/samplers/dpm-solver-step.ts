import { lerp, weightedSum } from '../../tensor/arithmetic.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Denoise } from '../sampler.ts'

/** A latent, its level, and what is expected behind it. */
export interface Stage {
  readonly x: Tensor
  readonly sigma: number
  readonly denoised: Tensor
}

/** DPM-Solver-1, which is Euler and DDIM. Lu et al. 2022 (arXiv 2206.00927), equation 3.7. */
export function firstOrder({ x, sigma, denoised }: Stage, sigmaNext: number): Tensor {
  return lerp(x, denoised, sigmaNext / sigma)
}

/** The stage at a share of the way from `start` to `sigmaNext` in log sigma, by a first-order step. */
export async function stageAt(denoise: Denoise, start: Stage, sigmaNext: number, share: number): Promise<Stage> {
  const sigma = start.sigma * (sigmaNext / start.sigma) ** share
  const x = firstOrder(start, sigma)
  return { x, sigma, denoised: await denoise(x, sigma) }
}

/** DPM-Solver-2 with its stage anywhere between; Algorithm 4 of the paper's appendix. */
export function secondOrder(start: Stage, middle: Stage, sigmaNext: number): Tensor {
  const r = Math.log(start.sigma / middle.sigma) / Math.log(start.sigma / sigmaNext)
  return bent(start, middle, sigmaNext, (start.sigma - sigmaNext) / (2 * r))
}

/** DPM-Solver-3 with its stages at one and two thirds; Algorithm 2 of the paper. */
export async function thirdOrder(denoise: Denoise, start: Stage, middle: Stage, sigmaNext: number): Promise<Tensor> {
  const share = 2 / 3
  const sigma = start.sigma * (sigmaNext / start.sigma) ** share
  const x = bent(start, middle, sigma, 2 * curvature(start.sigma, sigma))
  const late = { x, sigma, denoised: await denoise(x, sigma) }
  return bent(start, late, sigmaNext, curvature(start.sigma, sigmaNext) / share)
}

/** sigmaNext * ((e^h - 1) / h - 1) for the step h in -log sigma */
function curvature(sigma: number, sigmaNext: number): number {
  return (sigma - sigmaNext) / Math.log(sigma / sigmaNext) - sigmaNext
}

/** A first-order step less `weight` times the change of the predicted noise from the start to another stage. */
function bent(start: Stage, other: Stage, sigmaNext: number, weight: number): Tensor {
  const a = weight / start.sigma
  const b = weight / other.sigma
  return weightedSum(
    [1, firstOrder(start, sigmaNext)],
    [a, start.x],
    [-a, start.denoised],
    [-b, other.x],
    [b, other.denoised],
  )
}
